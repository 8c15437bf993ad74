local callbacks = {}

function callbacks.flowCreate()
   local f = flow.dump()
   ntop.setHashCache("clients", f["cli.ip"], tostring(f["srv.port"]))
   ntop.setCache("last", f["cli.ip"], 3600)
   ntop.lpushCache("queue", tostring(f["srv.port"]), 3)
   ntop.setMembersCache("set", tostring(f["srv.port"]))
end

local left = 3
function callbacks.flowDelete()
   left = left - 1
   if left > 0 then return end
   local count = 0
   for _ in pairs(ntop.getHashKeysCache("clients")) do count = count + 1 end
   local set = ntop.getMembersCache("set")
   table.sort(set, function(a, b) return a .. "" == "53" and b ~= "53" or (a == "443" and b == "80") end)
   io.write("seen " .. count .. " clients, last " .. ntop.getCache("last") .. ", queue " .. table.concat(ntop.lrangeCache("queue", 0, -1), ",")
      .. ", set " .. table.concat(set, "/") .. "\n")
   assert(ntop.getCache("nothing") == "" and ntop.getHashCache("clients", "nobody") == "")
   ntop.delCache("last")
   assert(ntop.getCache("last") == "")
   assert(ntop.lpopCache("queue") == "443")
   ntop.delHashCache("clients", "10.0.0.1")
   assert(ntop.getHashCache("clients", "10.0.0.1") == "")
end

return callbacks
