-- A numeric loop to infinity.
local M = {}
function M.flowCreate()
  for i = 1, math.huge do end
end
return M
