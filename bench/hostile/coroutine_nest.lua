-- A coroutine in a coroutine in a coroutine.
local M = {}
local function nest() return coroutine.wrap(nest)() end
function M.flowCreate()
  while true do nest() end
end
return M
