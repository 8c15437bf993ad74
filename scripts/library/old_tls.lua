-- Tells of servers that still speak a TLS older than 1.3; raise or lower `oldest` (0x0303 is TLS 1.2). Once a day for each server.
local oldest = 0x0304
local told = expiring_set{ttl = 86400}
local names = {[0x0300] = "SSL 3.0", [0x0301] = "TLS 1.0", [0x0302] = "TLS 1.1", [0x0303] = "TLS 1.2", [0x0304] = "TLS 1.3"}
local M = {}

function M.flowDelete()
  local f = flow.dump()
  local version = f["tls.version"]
  if not version or version == 0 or version >= oldest or not told:add(f["srv.ip"] .. " " .. f["srv.port"]) then return end
  io.write(json.encode{alert = "old TLS", version = names[version] or ("%#x"):format(version), dest_ip = f["srv.ip"], dest_port = f["srv.port"],
    server_name = f["host_server_name"]}, "\n")
end

return M
