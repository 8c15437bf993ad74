local dirs = ntop.getDirs()
package.path = dirs.installdir .. "/scripts/lua/modules/?.lua;" .. package.path
require "lua_utils"

local callbacks = {}

function callbacks.flowCreate()
end

function callbacks.flowDelete()
   local f = flow.dump()
   io.write(table.concat({ f["cli.ip"], f["cli.port"], f["srv.ip"], f["srv.port"], f["proto.l4"], f["proto.ndpi"],
      formatValue(f["bytes"]), secondsToTime(f["duration"]) }, ";") .. "\n")
end

return callbacks
