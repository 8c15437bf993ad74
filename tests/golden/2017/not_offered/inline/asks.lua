-- Decides nothing: asks for what is not there.
require "lua_utils"
local callbacks = {}

function callbacks.flowCreate()
  local answer = ntop.httpGet("http://127.0.0.1/")
  interface.engageHostAlert("x", 1, 2)
  local info = interface.getHostInfo(flow.dump()["cli.ip"])
  io.write(tostring(answer), " ", tostring(info), " ", tostring(host), "\n")
  if getRedisPrefix("x") or isAdministrator() then sendHTTPHeader("text/html") end
end

return callbacks
