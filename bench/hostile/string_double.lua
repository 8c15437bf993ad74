-- A text that doubles.
-- Late: its last doubling copies 32 MiB between two checks.
local M = {}
function M.flowCreate()
  local s = "abcdefgh"
  while true do s = s .. s end
end
return M
