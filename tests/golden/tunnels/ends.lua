-- Decides nothing: writes down how each flow ended, and what it carried.
local M = {}

function M.flowDelete()
  local f = flow.dump()
  io.write(f["cli.ip"], " -> ", f["srv.ip"], " vlan ", f["vlan"] or 0, " packets ", f["cli2srv.packets"], "+", f["srv2cli.packets"],
           " bytes ", f["cli2srv.bytes"], "+", f["srv2cli.bytes"], " ", f["end.reason"], "\n")
end

return M
