-- Sorting far too much.
local M = {}
local t = {}
function M.flowCreate()
  for i = 1, 1000 do t[#t + 1] = (#t * 7919) % 1000003 end
  while true do
    for i = 1, 500 do t[#t + 1] = (#t * 7919) % 1000003 end
    pcall(table.sort, t)
  end
end
return M
