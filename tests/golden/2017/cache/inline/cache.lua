-- Decides nothing: counts through the cache.
local callbacks = {}

function callbacks.flowCreate()
  local f = flow.dump()
  local n = tonumber(ntop.getCache("flows")) or 0
  ntop.setCache("flows", tostring(n + 1))
  ntop.setHashCache("by_port", tostring(f["srv.port"]), tostring((tonumber(ntop.getHashCache("by_port", tostring(f["srv.port"]))) or 0) + 1))
  ntop.lpushCache("ports", tostring(f["cli.port"]), 3)
  ntop.setMembersCache("clients", f["cli.ip"])
end

function callbacks.flowDelete()
  if ntop.getCache("told") ~= "" then return end
  ntop.setCache("told", "1")
  io.write("flows ", ntop.getCache("flows"), ", missing '", ntop.getCache("nothing"), "' '", ntop.getHashCache("nothing", "x"), "'\n")
  local ports = {}
  for key, value in pairs(ntop.getHashAllCache("by_port")) do ports[#ports + 1] = key .. "=" .. value end
  table.sort(ports)
  io.write(table.concat(ports, " "), "\n")
  io.write("newest ", table.concat(ntop.lrangeCache("ports", 0, -1), " "), "\n")
  for _, client in pairs(ntop.getMembersCache("clients")) do io.write("client ", client, "\n") end
  ntop.delHashCache("by_port", "53")
  ntop.delCache("flows")
  io.write("then '", ntop.getCache("flows"), "' '", ntop.getHashCache("by_port", "53"), "'\n")
end

return callbacks
