-- Tells of services whose protocol carries passwords in the clear. Once a day for each client and server.
local in_the_clear = {IMAP = true, MQTT = true, POP3 = true, Redis = true, SNMP = true, Telnet = true, rsh = true}
-- These can agree on TLS in the middle of a connection, and the flow doesn't show whether they did. (IMAP that does becomes IMAPS.)
local unless_tls = {FTP_CONTROL = true, LDAP = true, MySQL = true, PostgreSQL = true, SMTP = true}
local told = expiring_set{ttl = 86400}
local M = {}

function M.flowProtocolDetected(flow)
  local proto = flow.master or flow.app
  local alert = in_the_clear[proto] and "passwords in the clear" or unless_tls[proto] and "passwords in the clear unless TLS was agreed on"
  if not alert or flow.confidence:sub(1, 3) ~= "DPI" then return end
  if told:add(flow.cli_ip .. " " .. flow.srv_ip .. " " .. proto) then
    emit{alert = alert, app_proto = proto, src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port}
  end
end

return M
