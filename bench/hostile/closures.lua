-- Closures that are all kept.
local M = {}
function M.flowCreate()
  local last
  while true do
    local before = last
    last = function() return before end
  end
end
return M
