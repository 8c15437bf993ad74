-- Finalizers of trusted scripts, each protected: the collector also runs out of compiled code, where LuaJIT doesn't survive their errors.
local host = ...
local ffi = require "ffi"
local newproxy, getmetatable, setmetatable, rawget, rawset, next, type, pcall = newproxy, getmetatable, setmetatable, rawget, rawset, next, type, pcall
local finalizer_failed = host.finalizer_failed

local function tell(ok, what)
  if not ok then finalizer_failed(type(what) == "string" and what or ("(error object is a %s value)"):format(type(what))) end
end
local function protected(finalizer)
  if type(finalizer) ~= "function" then return finalizer end
  return function(object) tell(pcall(finalizer, object)) end
end

-- What a script finds as the metatable of a proxy: whatever it puts there goes into the real one, a finalizer protected.
local function shown(real)
  return setmetatable({}, {
    __index = function(_, key) return rawget(real, key) end,
    __newindex = function(_, key, value)
      if key == "__gc" then value = protected(value) end
      rawset(real, key, value)
    end,
  })
end

local finalizers = {}

function finalizers.newproxy(like)
  local proxy = newproxy(like)
  local real = getmetatable(proxy)
  if like == true then rawset(real, "__metatable", shown(real)) end
  return proxy
end

-- FFI with its two ways to set a finalizer.
finalizers.ffi = {}
for name, value in next, ffi do finalizers.ffi[name] = value end
function finalizers.ffi.gc(object, finalizer) return ffi.gc(object, protected(finalizer)) end
function finalizers.ffi.metatype(of_type, metatable)
  if type(metatable) == "table" then metatable.__gc = protected(metatable.__gc) end
  return ffi.metatype(of_type, metatable)
end

return finalizers
