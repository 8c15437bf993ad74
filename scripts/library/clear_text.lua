-- Tells of services whose protocol carries passwords in the clear. Once a day for each client and server.
local in_the_clear = {SMTP = true, POP3 = true, IMAP = true, FTP_CONTROL = true, Telnet = true, MQTT = true, Redis = true, LDAP = true,
  PostgreSQL = true, MySQL = true, SNMP = true}
local told = expiring_set{ttl = 86400}
local M = {}

function M.flowProtocolDetected(flow)
  local app = flow.app
  if in_the_clear[app] and told:add(flow.cli_ip .. " " .. flow.srv_ip .. " " .. app) then
    emit{alert = "passwords in the clear", app_proto = app, src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port}
  end
end

return M
