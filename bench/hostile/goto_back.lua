-- A goto to a label above it.
local M = {}
function M.flowCreate()
  local n = 0
  ::top::
  n = n + 1
  goto top
end
return M
