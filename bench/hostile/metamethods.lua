-- Metamethods that call metamethods.
local M = {}
function M.flowCreate()
  local t
  t = setmetatable({}, {__index = function(_, k) return t[k + 1] end, __eq = function() return false end})
  while t ~= setmetatable({}, getmetatable(t)) do pcall(function() return t[1] end) end
end
return M
