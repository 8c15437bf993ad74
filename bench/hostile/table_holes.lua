-- A large table with nothing left in it, asked for its first key again and again.
local M = {}
function M.flowCreate()
  local t = {}
  for i = 1, 20000 do t["k" .. i] = i end
  for i = 1, 20000 do t["k" .. i] = nil end
  while true do next(t) end
end
return M
