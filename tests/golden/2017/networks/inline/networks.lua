-- Tells of flows between a local and a remote end.
require "lua_utils"
local callbacks = {}

function callbacks.flowCreate()
  local f = flow.dump()
  local from, to = f["cli.network_id"], f["srv.network_id"]
  if (from < 0) ~= (to < 0) then io.write(f["cli.ip"], " (", from, " ", ntop.getNetworkNameById(from), ") -> ", f["srv.ip"], " (", to, ") ", tostring(isLocal(f["cli.ip"])), " ", tostring(isLocal(f["srv.ip"])), "\n") end
end

return callbacks
