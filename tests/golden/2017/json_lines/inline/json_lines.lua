-- Decides nothing: writes flows as JSON.
local json = require "json"
local dkjson = require "dkjson"
local callbacks = {}

function callbacks.flowDelete()
  local f = flow.dump()
  local some = {client = f["cli.ip"], bytes = f["bytes"], idle = f["flow.idle"], gaps = f["interarrival.cli2srv"]}
  local back, by_other = json.decode(json.encode(some)), dkjson.decode(dkjson.encode(f))
  io.write(back.client, " ", back.bytes, " ", tostring(back.idle), " ", back.gaps.max, " ", by_other["srv.ip"], " ", by_other["proto.ndpi"], "\n")
end

return callbacks
