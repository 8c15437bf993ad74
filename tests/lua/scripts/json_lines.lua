local dirs = ntop.getDirs()
package.path = dirs.installdir .. "/scripts/lua/modules/?.lua;" .. package.path
require "lua_utils"

local json = require("dkjson")
local callbacks = {}

function callbacks.flowDelete()
   io.write(json.encode(flow.dump()) .. "\n")
end

return callbacks
