-- A coroutine that yields for ever.
local M = {}
function M.flowCreate()
  local next = coroutine.wrap(function() while true do coroutine.yield(1) end end)
  while true do next() end
end
return M
