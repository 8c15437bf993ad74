-- Tells of servers that still speak a TLS older than `oldest` (0x0304 is TLS 1.3). Once a day for each server.
local oldest = 0x0304
local told = expiring_set{ttl = 86400}
local names = {[0x0300] = "SSL 3.0", [0x0301] = "TLS 1.0", [0x0302] = "TLS 1.1", [0x0303] = "TLS 1.2", [0x0304] = "TLS 1.3"}
local M = {}

function M.flowDelete(flow)
  local version = flow.tls_version
  if not version or version >= oldest or not told:add(flow.srv_ip .. " " .. flow.srv_port) then return end
  emit{alert = "old TLS", version = names[version] or ("%#x"):format(version), dest_ip = flow.srv_ip, dest_port = flow.srv_port,
    server_name = flow.tls_sni}
end

return M
