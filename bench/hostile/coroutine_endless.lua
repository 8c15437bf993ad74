-- A coroutine that never yields.
local M = {}
function M.flowCreate()
  while true do coroutine.resume(coroutine.create(function() while true do end end)) end
end
return M
