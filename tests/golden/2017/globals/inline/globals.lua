-- Decides nothing: looks around.
local callbacks = {}

function callbacks.flowCreate()
  io.write(script_context, " ", type(global_flow), " ", tostring(_GET), " ", tostring(_SESSION), " ", tostring(ifname), " ", tostring(host), "\n")
  io.write(type(interface), " ", type(ntop), " ", type(flow), " ", _VERSION, " ", type(jit), "\n")
  global_flow = nil
  io.write(flow.getNdpiProto(), "\n")
end

return callbacks
