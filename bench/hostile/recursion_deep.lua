-- Recursion until the stack is full, caught, and again.
local M = {}
local function dive(n) return 1 + dive(n + 1) end
function M.flowCreate()
  while true do pcall(dive, 1) end
end
return M
