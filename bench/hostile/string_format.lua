-- Numbers made into long texts, for ever.
local M = {}
function M.flowCreate()
  local n = 0
  while true do
    n = n + 1
    local s = ("%99.99f"):format(n):rep(1000)
  end
end
return M
