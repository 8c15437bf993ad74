-- A table with ever more keys.
-- Late: a table of a million keys is resized in one step.
local M = {}
local kept = {}
function M.flowCreate()
  local i = 0
  while true do
    i = i + 1
    kept[i .. "k"] = i
  end
end
return M
