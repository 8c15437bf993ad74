-- Decides nothing: remembers each flow until it is over.
local callbacks = {}
open = {}

local function key_of(f) return f["cli.ip"] .. f["cli.port"] .. f["srv.ip"] .. f["srv.port"] end

function callbacks.flowCreate()
  local f = flow.dump()
  open[key_of(f)] = {proto = f["proto.ndpi"], bytes = f["bytes"]}
end

function callbacks.flowProtocolDetected()
  local f = flow.dump()
  open[key_of(f)].proto = f["proto.ndpi"]
end

function callbacks.flowDelete()
  local f = flow.dump()
  local kept = open[key_of(f)]
  open[key_of(f)] = nil
  io.write(kept.proto, " grew from ", kept.bytes, " to ", f["bytes"], ", left ", tostring(next(open) ~= nil), "\n")
end

return callbacks
