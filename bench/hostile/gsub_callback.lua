-- A replacement function that never comes back.
local M = {}
function M.flowCreate()
  string.gsub("abc", ".", function() while true do end end)
end
return M
