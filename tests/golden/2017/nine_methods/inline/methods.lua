-- Decides nothing: says what each method of flow gives, callback by callback.
local callbacks = {}

local function say(callback)
  local f = flow.dump()
  io.write(callback, " ", f["srv.port"], " | ", flow.getNdpiProto(), " ", flow:getNdpiProtoId(), " ", flow.getNdpiCategory(), " | ",
    flow.getLastSeen() - flow:getFirstSeen(), " s | ", flow.getServerName(), " | url ", tostring(flow.getHTTPUrl()), " | type ",
    tostring(flow:getHTTPContentType()), " | ", type(flow:dump()), "\n")
end

for _, name in ipairs {"flowCreate", "flowProtocolDetected", "flowUpdate", "flowDelete"} do
  callbacks[name] = function() say(name) end
end

return callbacks
