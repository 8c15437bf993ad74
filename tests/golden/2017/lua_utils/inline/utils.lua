-- Decides nothing: asks the helpers.
local dirs = ntop.getDirs()
package.path = dirs.installdir .. "/scripts/lua/modules/?.lua;" .. package.path
require "lua_utils"

local callbacks = {}

local function words(list) return "<" .. table.concat(list, "|") .. ">" end

function callbacks.flowCreate()
  io.write(bytesToSize(0), " ", bytesToSize(1), " ", bytesToSize(1536), " ", bytesToSize(1234567890), " ", bytesToSize(2 ^ 41), "\n")
  io.write(bitsToSize(10), " ", bitsToSize(1500), " ", pktsToSize(1500), " ", formatValue(1234567), " ", formatPackets(1), "\n")
  io.write(secondsToTime(0), "; ", secondsToTime(0.5), "; ", secondsToTime(61), "; ", secondsToTime(3661), "; ", secondsToTime(90061), "; ",
    msToTime(0.2), "; ", msToTime(1500), "\n")
  io.write(words(split("a,b,,c", ",")), " ", tostring(string.starts("abc", "ab")), " ", tostring(string.ends("abc", "bc")), " ",
    tostring(string.contains("abc", "b")), " ", tostring(string.starts(nil, "a")), " ", tostring(isEmptyString("")), "\n")
  io.write(tostring(isIPv4("10.0.0.1")), " ", tostring(isIPv6("fe80::1")), " ", tostring(isBroadMulticast("224.0.0.1")), " ", intToIPv4(167772161), " ",
    hostinfo2hostkey({["cli.ip"] = "10.0.0.1", ["cli.vlan"] = 0}, "cli"), " ", words({splitProtocol("TLS.Google")}), "\n")
  io.write(type(bit), " ", type(require "bit"), " ", table.len({a = 1, b = 2}), " ", tostring(table.empty({})), " ", capitalize("flow"), "\n")
  for key, value in pairsByKeys({b = 2, a = 1}, asc) do io.write(key, value) end
  io.write("\n")
end

return callbacks
