-- An array without an end.
local M = {}
local kept = {}
function M.flowCreate()
  while true do kept[#kept + 1] = {} end
end
return M
