-- A method that calls itself in tail position, through a metatable.
local M = {}
local class = {}
class.__index = class
function class:go() return self:go() end
function M.flowCreate()
  return setmetatable({}, class):go()
end
return M
