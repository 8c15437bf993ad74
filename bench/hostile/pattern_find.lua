-- A pattern that tries everything.
local M = {}
function M.flowCreate()
  while true do string.find(("a"):rep(5000), ".-.-.-.-b") end
end
return M
