-- A list of long texts joined.
local M = {}
function M.flowCreate()
  local t, s = {}, ("x"):rep(1e6)
  for i = 1, 1000 do t[i] = s end
  while true do pcall(table.concat, t) end
end
return M
