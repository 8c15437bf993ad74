-- Coroutines that are all kept.
local M = {}
local kept = {}
function M.flowCreate()
  while true do
    kept[#kept + 1] = coroutine.create(function() coroutine.yield() end)
    coroutine.resume(kept[#kept])
  end
end
return M
