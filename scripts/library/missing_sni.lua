-- Tells of TLS clients that ask an outside web server for no name. Browsers always do; malware often asks for an address.
-- Once a day for each client and server.
local web_ports = {[443] = true, [8443] = true}
local exempt = prefix_set{"192.0.2.0/24"} -- services known by their address
local told = expiring_set{ttl = 86400}
local M = {}

function M.flowDelete(flow)
  if not flow.tls_version or flow.tls_sni or not web_ports[flow.srv_port] or flow.srv_local then return end
  if not flow.ja3_client or exempt:match(flow.srv_ip) or not told:add(flow.cli_ip .. " " .. flow.srv_ip) then return end
  emit{alert = "TLS without a server name", src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port,
    ja3 = flow.ja3_client, subject = flow.tls_subject}
end

return M
