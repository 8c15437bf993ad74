-- Insertion at the head of a long list.
local M = {}
local list = {}
function M.flowCreate()
  while true do table.insert(list, 1, 1) end
end
return M
