-- Tells of connections that came to nothing.
local callbacks = {}

function callbacks.flowProtocolDetected() io.write("detected ", flow.getNdpiProto(), "\n") end

function callbacks.flowDelete()
  local f = flow.dump()
  io.write(f["srv.ip"], ":", f["srv.port"], " status ", f["flow.status"], " flags ", f["cli2srv.tcp_flags"], "/", f["srv2cli.tcp_flags"],
    " answered ", tostring(f["srv2cli.packets"] > 0), " established ", tostring(f["tcp_established"]), " idle ",
    tostring(f["flow.idle"]), " low ", tostring(f["flow_goodput.low"]), " ", f["end.reason"], "\n")
end

return callbacks
