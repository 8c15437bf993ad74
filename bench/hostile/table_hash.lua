-- A table with ever more keys.
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
