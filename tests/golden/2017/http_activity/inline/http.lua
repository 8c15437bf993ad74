-- Decides nothing: lists requests as they are answered.
local callbacks, times = {}, {}

function callbacks.flowProtocolDetected()
  if flow.getNdpiProto() ~= "HTTP" then return end
  local f = flow.dump()
  local key = f["cli.port"]
  times[key] = (times[key] or 0) + 1
  io.write(times[key], " ", tostring(f["protos.http.last_method"]), " ", tostring(f["protos.http.server_name"]), " ",
    tostring(flow.getHTTPUrl()), " ", tostring(f["protos.http.last_return_code"]), " ", tostring(flow.getHTTPContentType()), "\n")
end

return callbacks
