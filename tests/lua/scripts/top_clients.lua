local dirs = ntop.getDirs()
package.path = dirs.installdir .. "/scripts/lua/modules/?.lua;" .. package.path
require "lua_utils"

local callbacks = {}
local bytes, left = {}, 3

function callbacks.flowDelete()
   local f = flow:dump()
   local key = hostinfo2hostkey(f, "cli")
   bytes[key] = (bytes[key] or 0) + f["bytes"]
   left = left - 1
   if left == 0 then
      for host, total in pairsByValues(bytes, rev) do io.write(shortHostName(host) .. " " .. bytesToSize(total) .. "\n") end
   end
end

return callbacks
