local dirs = ntop.getDirs()
package.path = dirs.installdir .. "/scripts/lua/modules/?.lua;" .. package.path
require "lua_utils"

local usual = { DNS = 53 }
local callbacks = {}

function callbacks.flowProtocolDetected()
   local f = flow.dump()
   local master = splitProtocol(f["proto.ndpi"])
   if usual[master] == f["srv.port"] then
      print(master .. " on its port")
      print(1)
   end
end

return callbacks
