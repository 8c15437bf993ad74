-- Counts TLS as 2017 called it.
local callbacks, encrypted = {}, 0

function callbacks.flowProtocolDetected()
  local f = flow.dump()
  local lower = f["proto.ndpi"]:match("^[^.]+")
  if lower == "SSL" then encrypted = encrypted + 1 end
  io.write(f["proto.ndpi"], " ", flow.getNdpiCategory(), " ", interface.getnDPIProtoName(flow.getNdpiProtoId()), " ", encrypted, "\n")
end

return callbacks
