-- Long texts made at once, for ever.
-- Late: texts of a megabyte go back to the system one by one.
local M = {}
function M.flowCreate()
  local n = 0
  while true do
    local ok, s = pcall(string.rep, "x", 1e6 + n)
    n = n + 1
  end
end
return M
