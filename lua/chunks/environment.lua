-- Makes an environment for each script: a 2017 script finds there what it found in its VM, and can spoil only its own.
local host, flow, output, api = ...
local real = {loadstring = loadstring, require = require, io = io, os = os, package = package, pcall = pcall}
local error, type, tostring, select, ipairs, pairs, rawget, rawset, next = error, type, tostring, select, ipairs, pairs, rawget, rawset, next
local setmetatable, setfenv, unpack, xpcall, getinfo = setmetatable, setfenv, unpack, xpcall, debug.getinfo

local function copy(table, ...)
  local made = {}
  for key, value in next, table do made[key] = value end
  for k = 1, select("#", ...) do made[select(k, ...)] = nil end
  return made
end

-- Every piece of script text becomes a function here and nowhere else.
local function compile(text, chunk, env)
  if text:sub(1, 1) == "\27" then return nil, "compiled Lua is not accepted" end
  local made, message = real.loadstring(text, chunk)
  if not made then return nil, message end
  return setfenv(made, env)
end

-- Tables such as `ntop`: a name that is not offered is told of once, and does nothing.
local function offering(table, title)
  local told = {}
  local function nothing() end
  return setmetatable(table, {__index = function(_, name)
    if type(name) ~= "string" then return nil end
    if not told[name] then
      told[name] = true
      host.log(2, "", ("%s.%s is not offered%s; calls to it do nothing"):format(title, name, host.nearest(name, table)))
    end
    return nothing
  end})
end
local ntop, interface = offering(api.ntop, "ntop"), offering(api.interface, "interface")

local function print_of(script)
  return function(value)
    local kind = type(value)
    if kind == "string" then
      if value ~= "" then host.log(1, script, value) end
    elseif kind == "number" then
      host.log(1, script, ("%f"):format(value))
    else
      host.log(2, script, "print: a string or a number was expected, found " .. (value == nil and "nil" or kind))
    end
  end
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
  for _, name in ipairs {"string", "table", "math", "bit", "jit", "ffi", "debug", "coroutine", "string.buffer", "table.new", "table.clear"} do
    loaded[name] = real.package.loaded[name] -- string.buffer and the like come with the first real require
  end
  loaded.package, loaded._G, loaded.io, loaded.os = package, env, env.io, env.os
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

local function environment(script)
  local env = copy(base)
  env._G = env
  env.print = print_of(script)
  env.io = io_of()
  env.os = copy(real.os, "exit")
  env.package = modules_of(env)
  function env.loadstring(text, chunk)
    if type(text) ~= "string" then error("bad argument #1 to 'loadstring' (string expected, got " .. type(text) .. ")", 2) end
    return compile(text, type(chunk) == "string" and chunk or text, env)
  end
  function env.load(text, chunk)
    if type(text) == "function" then
      local pieces = {}
      for piece in text do
        if piece == "" then break end
        pieces[#pieces + 1] = piece
      end
      text, chunk = table.concat(pieces), chunk or "=(load)"
    end
    return env.loadstring(text, chunk)
  end
  function env.loadfile(path)
    local text = read(path)
    if not text then return nil, "cannot open " .. tostring(path) end
    return compile(text, "@" .. path, env)
  end
  function env.dofile(path)
    local made, message = env.loadfile(path)
    if not made then error(message, 2) end
    return made()
  end
  env.script_context, env.global_flow = host.context, host.null
  env.flow = offering(copy(flow), "flow")
  env.ntop, env.interface = ntop, interface
  for name, make in next, host.helpers do env[name] = make end
  env.json = copy(host.json)
  return env
end

local function message_of(value)
  if type(value) == "string" or type(value) == "number" then return tostring(value) end
  return ("(error object is a %s value)"):format(type(value))
end

local known = {"flowCreate", "flowProtocolDetected", "flowUpdate", "flowDelete"}

-- Functions under the four names, and the other names of functions, sorted, one a line.
local function sort_out(exported)
  local found, others = {}, {}
  for k, name in ipairs(known) do
    local value = rawget(exported, name)
    found[k] = type(value) == "function" and value or false
    others[name] = false
  end
  local list = {}
  for name, value in next, exported do
    if type(value) == "function" and type(name) == "string" and others[name] == nil then list[#list + 1] = name end
  end
  table.sort(list)
  return found[1], found[2], found[3], found[4], table.concat(list, "\n")
end

-- Runs a script's text. Gives the functions flowCreate, flowProtocolDetected, flowUpdate, flowDelete (false where there is none)
-- and other names of functions; or nil, a line and a message.
return function(name, text)
  local chunk = "@" .. name
  local made, message = compile(text, chunk, environment(name))
  if not made then
    local line, rest = message:match("^.-:(%d+): (.*)$")
    return nil, tonumber(line) or 1, rest or message
  end
  local line = 1
  local ok, exported = xpcall(made, function(value)
    local told, short = message_of(value), nil
    for level = 2, 100 do
      local info = getinfo(level, "Sl")
      if not info then break end
      if info.source == chunk then
        line, short = info.currentline, info.short_src
        break
      end
    end
    local own = ("%s:%d: "):format(short or "", line)
    return told:sub(1, #own) == own and told:sub(#own + 1) or told
  end)
  if not ok then return nil, line, exported end
  if type(exported) ~= "table" then
    local _, lines = text:gsub("\n", "\n")
    return nil, math.max(1, text:sub(-1) == "\n" and lines or lines + 1),
      ("the file returns %s; its last line has to return the table of callbacks"):format(
        exported == nil and "nothing" or "a " .. type(exported))
  end
  return sort_out(exported)
end
