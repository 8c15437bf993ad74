-- A comparison that never comes back.
local M = {}
function M.flowCreate()
  table.sort({3, 1, 2}, function() while true do end end)
end
return M
