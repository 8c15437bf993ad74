-- The functions that catch errors, through which the error of a broken limit goes on; and coroutines: those that run within each other
-- lie on the one stack of the thread, and Lua does not see to its end.
local host = ...
local pcall, xpcall, create, resume, running = pcall, xpcall, coroutine.create, coroutine.resume, coroutine.running
local error, type, sub, getinfo = error, type, string.sub, debug.getinfo
local recheck = host.recheck
local most_nested = 200
local most_caught = 1000 -- `pcall` within each other: an error that nobody may hold goes through them one by one

-- How many of them are around what runs. Each sets it anew when it ends, so that a coroutine that stays where it is does not count.
local caught = 0
local function through(before, ok, ...)
  caught = before
  if not ok then recheck(...) end
  return ok, ...
end
local function enter()
  local before = caught
  if before >= most_caught then
    if getinfo(most_caught, "l") then error("C stack overflow", 3) end
    before = 0 -- an error went past them
  end
  caught = before + 1
  return before
end

-- A handler may make another error of it, but a stack that was full stays one.
local overflown = false
local function watched(handler)
  return function(value)
    overflown = overflown or type(value) == "string" and sub(value, -14) == "stack overflow"
    return handler(value)
  end
end
local function through_handler(before, ok, ...)
  if overflown then
    overflown = false
    caught = before
    recheck("stack overflow")
  end
  return through(before, ok, ...)
end

local depths = setmetatable({}, {__mode = "k"}) -- of coroutines, when they were last resumed
local guards = {}

function guards.pcall(...) return through(enter(), pcall(...)) end
function guards.xpcall(body, handler, ...)
  if type(handler) ~= "function" then return through(enter(), xpcall(body, handler, ...)) end
  return through_handler(enter(), xpcall(body, watched(handler), ...))
end

function guards.resume(routine, ...)
  if type(routine) ~= "thread" then return resume(routine, ...) end
  local here = running()
  local depth = here and depths[here] or 0
  if depth >= most_nested then return false, "C stack overflow" end
  depths[routine] = depth + 1
  return through(caught, resume(routine, ...))
end

local function unwrap(ok, ...)
  if ok then return ... end
  error((...), 2) -- names the line that called, as Lua's own does
end

function guards.wrap(body)
  if type(body) ~= "function" then error(("bad argument #1 to 'wrap' (function expected, got %s)"):format(type(body)), 2) end
  local routine = create(body)
  return function(...) return unwrap(guards.resume(routine, ...)) end
end

return guards
