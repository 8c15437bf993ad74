-- Tells of DNS, NTP and SMTP servers that are not on the list.
local callbacks = {}
local allowed = {DNS = {["10.71.0.53"] = true}, NTP = {["10.71.0.2"] = true}}

function callbacks.flowProtocolDetected()
  local f = flow.dump()
  local list = allowed[f["proto.ndpi"]]
  if list and not list[f["srv.ip"]] then
    io.write("unexpected ", f["proto.ndpi"], " server ", f["srv.ip"], " asked by ", f["cli.ip"], " for ",
      f["protos.dns.last_query"] or "nothing known", "\n")
  end
end

return callbacks
