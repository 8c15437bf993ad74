-- Hooks of scripts (setup, tick, teardown, save, restore, message), and the words that scripts send: emit, send, log, now.
local host, output = ...
local ffi = require "ffi"
local buffer = require "string.buffer"
local error, type, tostring, pcall, rawget, next = error, type, tostring, pcall, rawget, next
local encode, decode = buffer.encode, buffer.decode
local cx = ffi.cast("script_cursor *", host.cursor)
local most_message, most_waiting = 65536, 1000 -- docs/sandbox.md has them
local ends, spend = host.message_ends, host.bounded.spend
local knows, post = host.knows_context, host.post_message

local hooks = {"setup", "tick", "teardown", "save", "restore", "message"}
local exported_by, name_by = {}, {} -- by number of the script
local waiting, delivering = {}, {}
local told, most_told = {}, 20 -- words about sending, of a VM
local emit, append, said = host.emit, output.append_line, output.said
local emitted = ffi.cast("const script_text *", host.emitted)

local function once(script, text)
  if told[text] or most_told == 0 then return end
  told[text], most_told = true, most_told - 1
  host.log(2, script, text)
end

-- What is left of `room` bytes when the value has been packed: each value takes one at least. Encoding itself knows no bound.
local walked = 0
local function room_after(value, room, depth)
  room, walked = room - 1, walked + 1
  if walked % 1024 == 0 then spend(4096) end
  if type(value) == "string" then return room - #value end
  if type(value) ~= "table" or depth >= 100 then return room end
  for key, item in next, value do
    if room < 0 then return room end
    room = room_after(item, room_after(key, room, depth + 1), depth + 1)
  end
  return room
end

-- Values as bytes; or nil, an error that begins with `what`, and whether there were too many of them.
local function packed(value, most, what)
  if room_after(value, most, 0) < 0 then return nil, ("%s: the value takes more than %d bytes"):format(what, most), true end
  local ok, text = pcall(encode, value)
  if not ok then return nil, what .. ": " .. tostring(text) end
  if #text > most then return nil, ("%s: the value takes %d bytes, at most %d are allowed"):format(what, #text, most), true end
  return text
end

local run = {}
function run.setup(M) M.setup({context = host.context}) end
function run.tick(M) M.tick(tonumber(cx.now_ns) / 1e9) end
function run.teardown(M) M.teardown() end
function run.save(M)
  local value = M.save()
  if value == nil then return nil end
  if type(value) ~= "table" then error("save returns a " .. type(value) .. "; a table or nothing was expected", 0) end
  local text, message = packed(value, host.most_saved, "save")
  if not text then error(message, 0) end
  return text
end
function run.restore(M, bytes) M.restore(decode(bytes)) end
function run.message(M, _, number, place)
  local message = delivering[place]
  if message.sender ~= number then M.message(decode(message.text)) end
end

host.set_hook_runner(function(number, which, argument, place)
  return run[hooks[which]](exported_by[number], argument, number, place)
end, function() -- takes what waits; gives how many there are
  waiting, delivering = {}, waiting
  return #delivering
end, function(text) -- takes what another VM has sent
  waiting[#waiting + 1] = {text = text}
end)

local lifecycle = {hooks = hooks}

--- Notes the hooks of script `number`.
function lifecycle.register(number, name, exported)
  local mask = 0
  local found = {}
  for k, hook in ipairs(hooks) do
    local value = rawget(exported, hook)
    if type(value) == "function" then
      found[hook] = value
      mask = mask + 2 ^ (k - 1)
    end
  end
  local interval = rawget(exported, "interval")
  if interval == nil then interval = 1 end
  if found.tick and (type(interval) ~= "number" or not (interval >= 0.001 and interval <= 1e6)) then
    error("interval: a number of seconds between 0.001 and 1000000 was expected", 0)
  end
  exported_by[number], name_by[number] = found, name
  host.register_hooks(number, mask, found.tick and interval or 0)
end

--- Gives a script's environment the functions by which it speaks.
function lifecycle.furnish(env, script)
  function env.emit(value)
    if emit(value, script) then
      said(tonumber(emitted.size))
    else
      append(emitted.data, emitted.size)
    end
  end
  function env.send(context, value)
    if type(context) ~= "string" then error("bad argument #1 to 'send' (string expected, got " .. type(context) .. ")", 2) end
    local own = context == host.context
    if not own and not knows(context) then
      host.note_message(ends.unknown_context)
      once(script, ("send: there is no context '%s' to send to; its messages are dropped"):format(context:sub(1, 64)))
      return false
    end
    local text, message, too_large = packed(value, most_message, "send")
    if not text then
      host.note_message(too_large and ends.too_large or ends.not_encodable)
      error(message, 2)
    end
    local taken = post(context, text)
    if not own then
      host.note_message(taken and ends.posted or ends.queue_full)
      if not taken then once(script, ("send: more than %d messages wait for '%s'; more are dropped"):format(most_waiting, context)) end
      return taken
    end
    if #waiting >= most_waiting then
      host.note_message(ends.queue_full)
      once(script, ("send: more than %d messages wait; more are dropped"):format(most_waiting))
      return false
    end
    local sender
    for number, name in next, name_by do
      if name == script then sender = number end
    end
    waiting[#waiting + 1] = {text = text, sender = sender}
    host.note_message()
    return true
  end
  env.log = host.named({}, "log")
  for level, name in ipairs {"debug", "info", "warning", "error"} do
    env.log[name] = function(text)
      text = tostring(text)
      host.log(level - 1, script, text)
      said(#text)
    end
  end
  --- Packet time in seconds.
  function env.now() return tonumber(cx.now_ns) / 1e9 end
end

return lifecycle
