-- Recursion of little depth and no end in sight.
local M = {}
local function walk(n) if n > 0 then walk(n - 1) walk(n - 1) end end
function M.flowCreate()
  walk(180)
end
return M
