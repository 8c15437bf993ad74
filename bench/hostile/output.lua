-- Output without an end.
local M = {}
function M.flowCreate()
  while true do io.write(("x"):rep(1000)) end
end
return M
