-- The environment of a script whose folder is trusted: everything that a VM of 2017 had, but for os.exit.
local host, output, compile, guards, add_loading = ...
local real = {require = require, io = io, os = os, package = package, pcall = pcall, loaded = package.loaded}
local error, type, tostring, select, ipairs, rawget, rawset, next = error, type, tostring, select, ipairs, rawget, rawset, next
local setmetatable, setfenv = setmetatable, setfenv
local finalizers = host.run("finalizers", host)

local function copy(table, ...)
  local made = {}
  for key, value in next, table do made[key] = value end
  for k = 1, select("#", ...) do made[select(k, ...)] = nil end
  return made
end

-- The io library, with the default output in our hands: what is written there goes out in order, between bursts of packets.
local function io_of()
  local io = copy(real.io)
  local standard = {write = function(self, ...) return output.write(...) end, flush = function() return true end,
    close = function() return nil, "standard output stays open" end, setvbuf = function() return true end,
    seek = function() return nil, "standard output can't seek" end}
  local current = standard
  io.stdout = standard
  io.write = function(...)
    if current == standard then return output.write(...) end
    return current:write(...)
  end
  function io.output(file)
    if type(file) == "string" then
      local opened, message = real.io.open(file, "w")
      if not opened then error(message, 2) end
      current = opened
    elseif file ~= nil then
      current = file
    end
    return current
  end
  function io.close(file) return (file or current):close() end
  function io.type(file) return file == standard and "file" or real.io.type(file) end
  return io
end

local function read(path)
  local file = real.io.open(path, "rb")
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

-- `require`, `package` and `module` with a state of their own for each script: modules set their globals in the script's environment.
local function modules_of(env)
  local package = {path = host.module_path .. ";" .. real.package.path, cpath = real.package.cpath, config = real.package.config, loaded = {}, preload = {},
    loaders = {}, loadlib = real.package.loadlib}
  local loaded = package.loaded
  loaded.ffi = finalizers.ffi
  for _, name in ipairs {"string", "table", "math", "bit", "jit", "debug", "coroutine", "string.buffer", "table.new", "table.clear"} do
    loaded[name] = real.package.loaded[name] -- string.buffer and the like come with the first real require
  end
  loaded.package, loaded._G, loaded.io, loaded.os, loaded.coroutine = package, env, env.io, env.os, env.coroutine
  package.loaders[1] = function(name) return package.preload[name] or ("\n\tno field package.preload['%s']"):format(name) end
  package.loaders[2] = function(name)
    local tried = {}
    for pattern in tostring(package.path):gmatch("[^;]+") do
      local path = pattern:gsub("%?", (name:gsub("%.", "/"):gsub("%%", "%%%%")))
      local text = read(path)
      if text then
        local made, message = compile(text, "@" .. path, env)
        if not made then error(("error loading module '%s' from file '%s':\n\t%s"):format(name, path, message), 0) end
        return made
      end
      tried[#tried + 1] = ("\n\tno file '%s'"):format(path)
    end
    return table.concat(tried)
  end
  package.loaders[3] = function(name) -- C libraries, and those of LuaJIT that are loaded on demand
    real.package.cpath = package.cpath
    local path = real.package.path
    real.package.path = ""
    local ok, value = real.pcall(real.require, name)
    real.package.path = path
    if not ok then return "\n\t" .. tostring(value):gsub("^module '[^']*' not found:%s*", "") end
    return function() return value end
  end
  function package.seeall(module) setmetatable(module, {__index = env}) end
  local busy = {}
  function env.require(name)
    if type(name) ~= "string" then error("bad argument #1 to 'require' (string expected, got " .. type(name) .. ")", 2) end
    if loaded[name] == busy then error("loop or previous error loading module '" .. name .. "'", 2) end
    if loaded[name] then return loaded[name] end
    local tried, loader = {}, nil
    for _, look in ipairs(package.loaders) do
      local got = look(name)
      if type(got) == "function" then loader = got break end
      if type(got) == "string" then tried[#tried + 1] = got end
    end
    if not loader then error(("module '%s' not found:%s"):format(name, table.concat(tried)), 2) end
    loaded[name] = busy
    local ok, value = real.pcall(loader, name)
    if not ok then
      loaded[name] = nil
      error(value, 0)
    end
    if value ~= nil then loaded[name] = value elseif loaded[name] == busy then loaded[name] = true end
    return loaded[name]
  end
  function env.module(name, ...)
    local made = type(loaded[name]) == "table" and loaded[name] ~= busy and loaded[name] or nil
    if not made then
      local place = env
      for part in name:gmatch("[^.]+") do
        if type(rawget(place, part)) ~= "table" then rawset(place, part, {}) end
        place = rawget(place, part)
      end
      made = place
      loaded[name] = made
    end
    made._M, made._NAME, made._PACKAGE = made, name, name:match("^(.*%.)[^.]*$") or ""
    setfenv(2, made)
    for _, decorate in ipairs {...} do decorate(made) end
  end
  return package
end

local base = copy(_G, "_G", "package", "require", "module", "io", "os", "print", "load", "loadstring", "loadfile", "dofile")
base.pcall, base.xpcall = guards.pcall, guards.xpcall
base.newproxy = finalizers.newproxy
base.coroutine = copy(coroutine)
base.coroutine.resume, base.coroutine.wrap = guards.resume, guards.wrap

return function()
  local env = copy(base)
  env._G = env
  env.io = io_of()
  env.os = copy(real.os, "exit")
  env.package = modules_of(env)
  add_loading(env, read, "")
  return env
end
