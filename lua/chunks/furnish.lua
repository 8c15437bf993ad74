-- What every script finds besides Lua's libraries, trusted or not.
local host, flow, output, api, withheld = ...
local type, next, error, setmetatable = type, next, error, setmetatable

local function copy(table)
  local made = {}
  for key, value in next, table do made[key] = value end
  return made
end

--- The table, in which what is not there is an error with the nearest name.
function host.named(table, title)
  return setmetatable(table, {__metatable = false, __index = function(_, name)
    if type(name) ~= "string" then return nil end
    error(("%s has no function '%s'%s"):format(title, name:sub(1, 64), host.nearest(name, table)), 2)
  end})
end

local function print_of(script)
  return function(value)
    local kind, level, text = type(value), 1, value
    if kind == "string" then
      if value == "" then return end
    elseif kind == "number" then
      text = ("%f"):format(value)
    else
      level, text = 2, "print: a string or a number was expected, found " .. (value == nil and "nil" or kind)
    end
    host.log(level, script, text)
    host.said(#text)
  end
end

-- One warning for all scripts of a VM; each has tables of its own to change.
local warned = {}
local function offering(table, title)
  return withheld.offering(copy(table), title, nil, warned)
end

return function(env, script)
  env._G = env
  env.print = print_of(script)
  env.script_context, env.global_flow = host.context, host.null
  env.flow = offering(flow, "flow")
  env.ntop, env.interface = offering(api.ntop, "ntop"), offering(api.interface, "interface")
  for name, make in next, host.helpers do env[name] = make end
  env.json = host.named(copy(host.json), "json")
  host.lifecycle.furnish(env, script)
  return env
end
