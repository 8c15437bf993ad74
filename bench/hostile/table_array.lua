-- An array without an end.
-- Late: a table of millions is resized, or gone through by the collector, in one step.
local M = {}
local kept = {}
function M.flowCreate()
  while true do kept[#kept + 1] = {} end
end
return M
