-- Decides nothing: keeps flow and its methods.
local callbacks = {}
local kept, dump = flow, flow.dump
local first

function callbacks.flowCreate()
  first = first or flow
  local f = dump()
  io.write(tostring(kept == flow), " ", tostring(first == kept), " ", kept.dump()["cli.port"] == f["cli.port"] and "same" or "other", "\n")
end

return callbacks
