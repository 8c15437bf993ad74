-- Long equal texts compared for ever.
local M = {}
function M.flowCreate()
  local a, b = ("x"):rep(1e6) .. "a", ("x"):rep(1e6) .. "b"
  while a < b do end
end
return M
