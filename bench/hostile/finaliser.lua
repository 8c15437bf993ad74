-- Finalisers that never come back.
local M = {}
function M.flowCreate()
  while true do setmetatable({}, {__gc = function() while true do end end}) end
end
return M
