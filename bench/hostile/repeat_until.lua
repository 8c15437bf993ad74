-- A repeat whose condition never holds.
local M = {}
function M.flowCreate()
  repeat local done = false until done
end
return M
