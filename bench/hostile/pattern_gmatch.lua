-- The same, match by match, caught.
local M = {}
function M.flowCreate()
  while true do pcall(function() for _ in ("a"):rep(20000):gmatch(".-.-.-b") do end end) end
end
return M
