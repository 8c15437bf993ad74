-- Long texts compiled for ever.
local M = {}
function M.flowCreate()
  while true do loadstring(("local x = {1, 2, 3} "):rep(180))() end
end
return M
