-- Coroutines that are all kept.
-- Late: the collector marks all coroutines at once, after three quarters of the memory are used.
local M = {}
local kept = {}
function M.flowCreate()
  while true do
    kept[#kept + 1] = coroutine.create(function() coroutine.yield() end)
    coroutine.resume(kept[#kept])
  end
end
return M
