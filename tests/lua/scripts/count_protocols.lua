local dirs = ntop.getDirs()
package.path = dirs.installdir .. "/scripts/lua/modules/?.lua;" .. package.path
require "lua_utils"

local callbacks = {}
local counts, left = {}, 3

function callbacks.flowProtocolDetected()
   local name = flow.getNdpiProto()
   counts[name] = (counts[name] or 0) + 1
end

function callbacks.flowDelete()
   left = left - 1
   if left > 0 then return end
   local out = {}
   for name, count in pairsByKeys(counts, asc) do out[#out + 1] = name .. "=" .. count end
   io.write(table.concat(out, " "), "\n")
end

return callbacks
