-- Decides nothing: follows living flows.
local callbacks = {}

function callbacks.flowUpdate()
  local f = flow.dump()
  io.write(f["proto.ndpi"], " ", f["packets"], " packets, last ", f["packets.last"], ", trend ", f["throughput_trend_bps"], "\n")
end

function callbacks.flowDelete() io.write("over ", flow.getNdpiProto(), "\n") end

return callbacks
