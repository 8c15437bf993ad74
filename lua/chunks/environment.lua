-- Loads scripts, each into an environment of its own: a script of 2017 finds there what it found in its VM, and can spoil only that.
local host, compile, strings, make_environment, furnish, make_runner = ...
local type, tostring, rawget, next, xpcall, getinfo = type, tostring, rawget, next, xpcall, debug.getinfo
local funcinfo, jit_off = require("jit.util").funcinfo, jit.off

local function message_of(value)
  if type(value) == "string" or type(value) == "number" then return tostring(value) end
  return ("(error object is a %s value)"):format(type(value))
end

-- To call a function that does nothing, from C++, costs less when it is interpreted: there is nothing to win by entering a trace. In a
-- loop over a batch it has to be compiled, and a function of the same text stands for it.
local function nothing() end
local function prepared(callback, wrap)
  if funcinfo(callback).bytecodes == funcinfo(nothing).bytecodes then
    jit_off(callback)
    return callback, nothing
  end
  local wrapped = wrap(callback)
  return wrapped, wrapped
end

local most_others = 20 -- names that are no callback's: enough to see the mistake
local known = {"flowCreate", "flowProtocolDetected", "flowUpdate", "flowDelete"}

-- Functions under the four names, one that runs them over a batch, and the other names of functions, sorted, one a line.
local function sort_out(exported, script, number)
  local found, in_batches, others, wrap = {}, {}, {}, host.flow_argument.make_wrapper()
  for k, name in ipairs(known) do
    local value = rawget(exported, name)
    found[k], in_batches[k] = false, false
    if type(value) == "function" then found[k], in_batches[k] = prepared(value, wrap) end
    others[name] = false
  end
  for _, hook in ipairs(host.lifecycle.hooks) do others[hook] = false end
  host.lifecycle.register(number, script, exported)
  local list = {}
  for name, value in next, exported do
    if type(value) == "function" and type(name) == "string" and others[name] == nil and #name <= 64 and #list < most_others then list[#list + 1] = name end
  end
  table.sort(list)
  return found[1], found[2], found[3], found[4], make_runner(in_batches), table.concat(list, "\n")
end

-- Runs a script's text; `number` counts the scripts of the VM. Gives the functions flowCreate, flowProtocolDetected, flowUpdate,
-- flowDelete (false where there is none), the runner for batches (false without callbacks), and other names of functions; or nil, a
-- line and a message.
return function(name, text, number)
  local chunk = "@" .. name
  local env = furnish(make_environment(), name)
  strings.adopt(number, env.string)
  local made, message = compile(text, chunk, env)
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
  return sort_out(exported, name, number)
end
