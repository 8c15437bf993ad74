-- What a script asks for and does not get is told once, by name, and does no harm.
local host = ...
local setmetatable, type = setmetatable, type

local M = {}
local most_told, count = 100, 0 -- names in the log, of a VM

--- The table, with a function that does nothing under every other name, told once with the nearest known name. With a reason these
--- functions give nil and a message. `told` = names that were told already.
function M.offering(table, title, reason, told)
  local made = {}
  told = told or {}
  return setmetatable(table, {__metatable = false, __index = function(_, name)
    if type(name) ~= "string" then return nil end
    if not made[name] then
      name = name:sub(1, 64)
      local text = reason and ("%s.%s is not offered to scripts%s"):format(title, name, reason)
        or ("%s.%s is not offered%s; calls to it do nothing"):format(title, name, host.nearest(name, table))
      if not told[text] and count < most_told then
        count = count + 1
        told[text] = true
        host.log(2, "", text)
      end
      made[name] = reason and function() return nil, text end or function() end
    end
    return made[name]
  end})
end

--- A function that is not offered: told at its first call, gives nil and a message.
function M.refusal(name, reason)
  local text, told = name .. " is not offered to scripts" .. reason, false
  return function()
    if not told then
      told = true
      host.log(2, "", text)
    end
    return nil, text
  end
end

return M
