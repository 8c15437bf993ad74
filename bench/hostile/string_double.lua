-- A text that doubles.
local M = {}
function M.flowCreate()
  local s = "abcdefgh"
  while true do s = s .. s end
end
return M
