-- Script text becomes a function here and nowhere else: checked as it stands, so that messages are Lua's own, then with the checks of
-- the limits in it.
local host = ...
local load, setfenv, sub = load, setfenv, string.sub
local instrument, explain, look, inspect = host.instrument, host.explain, host.slow, host.inspect

-- Recording stops here: a trace that began in the one turn of many that looks at the clock would be left, by a side exit, in all others.
local function slow()
  inspect()
  return look()
end
if host.jit then jit.off(slow) end

--- A function of the text with the environment `env`; or nil and a message.
return function(text, chunk, env)
  if sub(text, 1, 1) == "\27" then return nil, "compiled Lua is not accepted" end
  local made, message = load(text, chunk, "t")
  if not made then return nil, message end
  local checked, refused = instrument(text, chunk)
  if not checked then return nil, refused end
  local factory, failed = load(checked, chunk, "t")
  if not factory then return nil, explain(failed) end
  return setfenv(factory(0, slow), env)
end
