-- Tells of TCP connections that came to nothing: refused, or never answered. Once in five minutes for a client, server and port.
local told = expiring_set{ttl = 300}
local M = {}

function M.flowDelete()
  local f = flow.dump()
  if f["proto.l4"] ~= "TCP" or f.tcp_established then return end
  local reason = f["srv2cli.packets"] > 0 and "refused" or "no answer"
  if f["cli2srv.packets"] == 0 or not told:add(f["cli.ip"] .. " " .. f["srv.ip"] .. " " .. f["srv.port"]) then return end
  io.write(json.encode{alert = "failed connection", reason = reason, src_ip = f["cli.ip"], dest_ip = f["srv.ip"], dest_port = f["srv.port"]},
    "\n")
end

return M
