-- The string library behind ("text"):name(). Its functions are the same for all scripts; names that a script adds to its own `string`
-- are found for that script alone.
local host = ...
local ffi = require "ffi"
local cx = ffi.cast("script_cursor *", host.cursor)
local own = {} -- by number of the script: its `string`

local methods = {}
for name, value in next, string do methods[name] = value end
for name, value in next, host.bounded.string do methods[name] = value end
methods.dump = nil

local shared = getmetatable("")
shared.__metatable = false
shared.__index = setmetatable({}, {__index = function(_, name)
  local strings = own[cx.script]
  return strings and rawget(strings, name)
end})
for name, value in next, methods do rawset(shared.__index, name, value) end

return {
  --- The functions of `string` for a script's own table.
  methods = methods,
  --- From now on `strings` is the table `string` of that script.
  adopt = function(script, strings) own[script] = strings end,
}
