-- Decides nothing: logs each flow when its protocol is known and when it is over.
local dirs = ntop.getDirs()
package.path = dirs.installdir .. "/scripts/lua/modules/?.lua;" .. package.path
require "lua_utils"

local callbacks = {}

local function peers(f)
  return f["cli.ip"] .. ":" .. f["cli.port"] .. " > " .. f["srv.ip"] .. ":" .. f["srv.port"]
end

function callbacks.flowProtocolDetected()
  local f = flow.dump()
  io.write("start ", peers(f), " ", f["proto.l4"], " ", f["proto.ndpi"], "\n")
end

function callbacks.flowDelete()
  local f = flow.dump()
  io.write("end ", peers(f), " ", f["proto.ndpi"], " ", bytesToSize(f["bytes"]), " ", formatPackets(f["packets"]), " ",
    secondsToTime(f["duration"]), " ", bytesToSize(f["cli2srv.bytes"]), "/", bytesToSize(f["srv2cli.bytes"]), "\n")
end

return callbacks
