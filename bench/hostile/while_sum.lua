-- A loop that sums up for ever.
local M = {}
function M.flowCreate()
  local n = 0
  while n >= 0 do n = n + 1 end
end
return M
