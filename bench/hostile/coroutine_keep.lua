-- Coroutines that are all kept.
-- Late: a collection that begins when three quarters of the memory are used goes through it as a whole.
local M = {}
local kept = {}
function M.flowCreate()
  while true do
    kept[#kept + 1] = coroutine.create(function() coroutine.yield() end)
    coroutine.resume(kept[#kept])
  end
end
return M
