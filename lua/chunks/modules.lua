-- `require`, `module`, `package`, `loadfile` and `dofile` for a sandboxed script: files of the two allowed folders only, each script with
-- modules of its own.
local host, compile, pcall, add_loading = ...
local open = io.open
local error, type, tostring, ipairs, rawget, rawset, next = error, type, tostring, ipairs, rawget, rawset, next
local setmetatable, setfenv, getfenv, getinfo, concat = setmetatable, setfenv, getfenv, debug.getinfo, table.concat
local gmatch, gsub, match, find, sub = string.gmatch, string.gsub, string.match, string.find, string.sub
local ours = _G
local longest_name, longest_path = 256, 4096 -- every name is put into every part of the path

local function allowed(path)
  if find(path, "/../", 1, true) or find(path, "%z") then return false end
  for _, folder in ipairs(host.folders) do
    if sub(path, 1, #folder + 1) == folder .. "/" then return true end
  end
  return false
end

local function read(path)
  if type(path) ~= "string" or not allowed(path) then return nil end
  local file = open(path, "rb")
  if not file then return nil end
  local text = file:read("*a") -- nil for a folder
  file:close()
  return text
end

-- The function at a level above the caller of this one's caller, or the function itself; nothing of the program's own.
local function theirs(target, name)
  local kind = type(target)
  if kind ~= "number" and kind ~= "function" then
    error(("bad argument #1 to '%s' (function or level expected, got %s)"):format(name, kind), 3)
  end
  local info = getinfo(kind == "number" and target + 2 or target, "Sf")
  if not info then error(("bad argument #1 to '%s' (invalid level)"):format(name), 3) end
  if info.what == "C" or getfenv(info.func) == ours then return nil end
  return info.func
end

local function add_environments(env)
  function env.getfenv(target)
    if target == 0 then return env end
    local func = theirs(target == nil and 1 or target, "getfenv")
    return func and getfenv(func) or env
  end
  function env.setfenv(target, fresh)
    if type(fresh) ~= "table" then error("bad argument #2 to 'setfenv' (table expected, got " .. type(fresh) .. ")", 2) end
    local func = target ~= 0 and theirs(target, "setfenv")
    if not func then error("'setfenv' cannot change environment of given object", 2) end
    setfenv(func, fresh)
    return func
  end
end

-- A module's file: where `package.path` says, as far as that is allowed, and in the two folders in any case.
local function search(package, name)
  local paths = tostring(rawget(package, "path"))
  if #paths > longest_path then return nil, "\n\tpackage.path is too long" end
  local known, tried = {}, {"\n\tno field package.preload['" .. name .. "']"}
  local place = gsub(gsub(name, "%.", "/"), "%%", "%%%%")
  for pattern in gmatch(paths .. ";" .. host.module_path, "[^;]+") do
    local path = gsub(pattern, "%?", place)
    if not known[path] then
      local text = read(path)
      if text then return text, path end
      known[path] = true
      tried[#tried + 1] = ("\n\tno file '%s'"):format(path)
    end
  end
  return nil, concat(tried)
end

local withheld = {ffi = true, ["string.buffer"] = true, ["table.new"] = true, ["table.clear"] = true, ["jit.opt"] = true, ["jit.util"] = true}

local function add_require(env, package)
  local loaded, preload, busy = package.loaded, package.preload, {}
  local function loader_of(name)
    local made = rawget(preload, name)
    if type(made) == "function" then return made end
    if withheld[name] then error(("module '%s' is not offered to scripts that are not trusted"):format(name), 3) end
    local text, path = search(package, name)
    if not text then error(("module '%s' not found:%s"):format(name, path), 3) end
    local message
    made, message = compile(text, "@" .. path, env)
    if not made then error(("error loading module '%s' from file '%s':\n\t%s"):format(name, path, message), 3) end
    return made
  end
  function env.require(name)
    if type(name) ~= "string" then error("bad argument #1 to 'require' (string expected, got " .. type(name) .. ")", 2) end
    if #name > longest_name then error("the module's name is too long", 2) end
    local known = rawget(loaded, name)
    if known == busy then error("loop or previous error loading module '" .. name .. "'", 2) end
    if known then return known end
    local loader = loader_of(name)
    rawset(loaded, name, busy)
    local ok, value = pcall(loader, name)
    if not ok then
      rawset(loaded, name, nil)
      error(value, 0)
    end
    if value ~= nil then rawset(loaded, name, value) elseif rawget(loaded, name) == busy then rawset(loaded, name, true) end
    return rawget(loaded, name)
  end
end

local function add_module(env, package)
  function package.seeall(module) setmetatable(module, {__index = env}) end
  function env.module(name, ...)
    if type(name) ~= "string" then error("bad argument #1 to 'module' (string expected, got " .. type(name) .. ")", 2) end
    if #name > longest_name then error("the module's name is too long", 2) end
    local caller = theirs(1, "module")
    if not caller then error("'module' not called from a Lua function", 2) end
    local made = rawget(package.loaded, name)
    if type(made) ~= "table" or next(made) == nil then
      made = env
      for part in gmatch(name, "[^.]+") do
        if type(rawget(made, part)) ~= "table" then rawset(made, part, {}) end
        made = rawget(made, part)
      end
      rawset(package.loaded, name, made)
    end
    made._M, made._NAME, made._PACKAGE = made, name, match(name, "^(.*%.)[^.]*$") or ""
    setfenv(caller, made)
    for _, decorate in ipairs {...} do decorate(made) end
  end
end

--- Adds them to a script's environment, which has its libraries already.
return function(env)
  local package = {path = host.module_path, cpath = "", config = "/\n;\n?\n!\n-\n", loaded = {}, preload = {}, loaders = {}}
  for _, name in ipairs {"string", "table", "math", "bit", "coroutine", "io", "os", "debug", "jit"} do package.loaded[name] = env[name] end
  package.loaded._G, package.loaded.package = env, package
  env.package = package
  add_environments(env)
  add_loading(env, read, " (scripts read their own folders only)")
  add_require(env, package)
  add_module(env, package)
end
