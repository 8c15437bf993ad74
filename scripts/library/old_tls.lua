-- Tells of servers that still speak a TLS that should be gone (RFC 8996). Once a day for each server and version.
local old = {[0x0300] = "SSL 3.0", [0x0301] = "TLS 1.0", [0x0302] = "TLS 1.1", [0xfeff] = "DTLS 1.0"} -- TLS 1.2 would be 0x0303
local told = expiring_set{ttl = 86400}
local M = {}

function M.flowDelete(flow)
  local version = old[flow.tls_version]
  if not version or not flow.ja3_server or not told:add(flow.srv_ip .. " " .. flow.srv_port .. " " .. version) then return end
  emit{alert = "old TLS", version = version, src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port, server_name = flow.tls_sni}
end

return M
