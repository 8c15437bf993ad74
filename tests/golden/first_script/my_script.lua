-- Decides nothing: writes down each flow whose protocol is known.
local callbacks = {}

function callbacks.flowProtocolDetected()
  local f = flow.dump()
  io.write(f["cli.ip"], ":", f["cli.port"], " <-> ", f["srv.ip"], ":", f["srv.port"], " -> ", f["proto.ndpi"], "\n")
end

return callbacks
