-- The environment of a script that is not trusted: what a script on flows needs, in tables of its own, and nothing that reaches the
-- machine, the other scripts or the VM (docs/sandbox.md).
local host, output, compile, guards, strings, withheld, add_loading = ...
local ipairs, next, type, error, setmetatable, rawget, tostring, tonumber = ipairs, next, type, error, setmetatable, rawget, tostring, tonumber
local getinfo, collectgarbage = debug.getinfo, collectgarbage
local open_math = host.open_math
local reason = " that are not trusted"

local function pick(from, ...)
  local made = {}
  for _, name in ipairs {...} do made[name] = from[name] end
  return made
end
local function copy(from)
  local made = {}
  for key, value in next, from do made[key] = value end
  return made
end

local base = pick(_G, "_VERSION", "assert", "error", "getmetatable", "ipairs", "next", "pairs", "rawequal", "rawget", "rawset", "select",
  "tonumber", "tostring", "type", "unpack")
base.pcall, base.xpcall = guards.pcall, guards.xpcall
base.unpack, base.tonumber = host.bounded.base.unpack, host.bounded.base.tonumber
base.newproxy = withheld.refusal("newproxy", reason)
function base.collectgarbage(what)
  return what == "count" and collectgarbage("count") or 0 -- the collector is driven from outside
end
function base.setmetatable(table, meta)
  if type(meta) == "table" and rawget(meta, "__gc") ~= nil then error("__gc is not offered to scripts" .. reason, 2) end
  return setmetatable(table, meta)
end

local tables = pick(table, "concat", "foreach", "foreachi", "getn", "insert", "maxn", "move", "remove", "sort")
for name, value in next, host.bounded.table do tables[name] = value end

local function io_of()
  local standard = {write = function(_, ...) return output.write(...) end, flush = function() return true end,
    close = function() return nil, "standard output stays open" end, setvbuf = function() return true end}
  local errors = {write = function(_, text)
    text = tostring(text)
    host.log(2, "", text)
    host.said(#text)
    return true
  end, flush = function() return true end}
  local io = {write = output.write, stdout = standard, stderr = errors, output = function() return standard end,
    flush = function() return true end, type = function(file) return (file == standard or file == errors) and "file" or nil end}
  return withheld.offering(io, "io", reason)
end

local function debug_of()
  local debug = {}
  debug.traceback = host.bounded.debug.traceback
  --- Of a level, and without its function.
  function debug.getinfo(level)
    if type(level) ~= "number" then return nil end
    local info = getinfo(level + 1, "Sln")
    return info and {source = info.source, short_src = info.short_src, currentline = info.currentline, linedefined = info.linedefined,
      lastlinedefined = info.lastlinedefined, what = info.what, name = info.name, namewhat = info.namewhat}
  end
  return withheld.offering(debug, "debug", reason)
end

local add_modules = host.run("modules", host, compile, guards.pcall, add_loading)

return function()
  local env = copy(base)
  env._G = env
  env.string, env.table, env.bit, env.coroutine = copy(strings.methods), copy(tables), copy(bit), copy(coroutine)
  env.coroutine.resume, env.coroutine.wrap = guards.resume, guards.wrap
  open_math() -- with a random generator of its own
  env.math = copy(math)
  local times = pick(os, "time", "clock", "difftime")
  times.date = host.bounded.os.date
  env.os = withheld.offering(times, "os", reason)
  env.io, env.debug = io_of(), debug_of()
  env.jit = {version = jit.version, version_num = jit.version_num, os = jit.os, arch = jit.arch}
  add_modules(env)
  return env
end
