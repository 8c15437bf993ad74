-- Tells of servers that speak a known protocol on a port where nobody looks for it, as backdoors and tunnels do.
-- Once a day for each service. A port given to a protocol here is in order; TFTP, which moves to any port, is not here.
local usual = {
  DNS = {53}, FTP_CONTROL = {21}, HTTP = {80, 3128, 8000, 8008, 8080, 8081, 8088, 8888}, IMAP = {143}, IRC = {6667},
  Kerberos = {88}, LDAP = {389, 3268}, MQTT = {1883}, MySQL = {3306}, NTP = {123}, POP3 = {110}, PostgreSQL = {5432},
  RDP = {3389}, Redis = {6379}, SMBv1 = {139, 445}, SMBv23 = {139, 445}, SMTP = {25, 587, 2525}, SNMP = {161, 162},
  SOCKS = {1080}, SSH = {22}, Telnet = {23},
  TLS = {443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 3269, 5061, 5223, 5228, 6443, 6697, 8443, 8883, 9443},
}
local in_order = {}
for proto, ports in pairs(usual) do
  in_order[proto] = {}
  for _, port in ipairs(ports) do in_order[proto][port] = true end
end
local told = expiring_set{ttl = 86400, max = 100000}
local M = {}

function M.flowProtocolDetected(flow)
  local proto = flow.master or flow.app
  local ports, port = in_order[proto], flow.srv_port
  if not ports or ports[port] or flow.confidence:sub(1, 3) ~= "DPI" then return end
  -- Who serves is sure when the beginning was seen; over UDP the answer may have come first.
  if flow.l4 == "TCP" and not flow.established or flow.l4 ~= "TCP" and ports[flow.cli_port] then return end
  if told:add(flow.srv_ip .. " " .. port .. " " .. proto) then
    emit{alert = "protocol on an unusual port", app_proto = proto, src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = port,
      usual_port = usual[proto][1]}
  end
end

return M
