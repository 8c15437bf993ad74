-- Bounds for those functions of `string` and `table` that can run long or make much: what is small goes to LuaJIT's own function, by a tail
-- call, so that it is compiled and its messages name the script's line; what is large is counted first.
local host = ...
local spend, refuse, max_string = host.spend, host.refuse, host.max_string
local type, select, tonumber, tostring, next, rawget, rawset, error = type, select, tonumber, tostring, next, rawget, rawset, error
local getmetatable, unpack = getmetatable, unpack
local own_string, own_table = string, table
local find, rep, format, sub, upper, lower, reverse = string.find, string.rep, string.format, string.sub, string.upper, string.lower, string.reverse
local concat, insert, remove = table.concat, table.insert, table.remove
local gmatch, date = string.gmatch, os.date
local search, next_match = host.find, host.next_match

local byte, char, traceback = string.byte, string.char, debug.traceback

local bounded = {base = {}, string = {match = host.match, gsub = host.gsub}, table = {sort = host.sort}, os = {}, debug = {}}
local many = 200 -- values that are passed in one go; each takes 5 ns
local longest_message = 65536
bounded.spend, bounded.refuse = spend, refuse -- for the functions of other chunks

-- A text of so many bytes is about to be made by `name`.
local function making(size, name)
  if size > max_string then refuse(name .. " makes too long a text") end
  spend(size / 8)
end

-- Patterns in which nothing has a meaning of its own: a search for them is compiled.
local plain_count = 0
local plain_patterns = setmetatable({}, {__index = function(known, pattern)
  if type(pattern) ~= "string" or #pattern > 64 then return false end
  local is_plain = not find(pattern, "[%^%$%*%+%?%.%(%[%%%-]")
  plain_count = plain_count + 1
  if plain_count > 500 then
    for key in next, known do known[key] = nil end
    plain_count = 1
  end
  known[pattern] = is_plain
  return is_plain
end})

function bounded.string.find(text, pattern, begin, plain)
  if type(text) == "string" and #text <= 2048
    and (plain_patterns[pattern] or plain and type(pattern) == "string" and #pattern <= 64) then
    return find(text, pattern, begin, true)
  end
  return search(text, pattern, begin, plain)
end

-- The iterator is a function of Lua: a trace holds for one C function only, and each loop would be compiled anew.
function bounded.string.gmatch(text, pattern)
  if type(text) == "number" then text = tostring(text) end
  if type(pattern) == "number" then pattern = tostring(pattern) end
  if type(text) ~= "string" or type(pattern) ~= "string" then return gmatch(text, pattern) end
  local place = {0}
  return function() return next_match(text, pattern, place) end
end

function bounded.string.rep(text, count, between)
  local length = type(text) == "string" and #text or 32 -- a number has no more digits
  if between ~= nil then length = length + (type(between) == "string" and #between or 32) end
  local size = length * (tonumber(count) or 0)
  if size > 2048 then making(size, "string.rep") end
  return rep(text, count, between)
end

-- What may have a __tostring: string.format would call it from C, on the thread's stack, and take its text however long it is.
local function is_object(value) return type(value) == "table" and getmetatable(value) ~= nil end

-- The arguments' texts together. One of a number or a table is taken for short: a width has two digits.
local function format_many(...)
  local size, count, values = 0, select("#", ...), {...}
  for k = 1, count do
    if is_object(values[k]) then values[k] = tostring(values[k]) end
    size = size + (type(values[k]) == "string" and #values[k] or 0)
  end
  making(size, "string.format")
  return format(unpack(values, 1, count))
end

function bounded.string.format(...)
  if select("#", ...) > 9 then return format_many(...) end
  local a, b, c, d, e, f, g, h, i = ...
  if is_object(b) or is_object(c) or is_object(d) or is_object(e) or is_object(f) or is_object(g) or is_object(h) or is_object(i) then
    return format_many(...)
  end
  local size = 0
  if type(a) == "string" then size = #a end
  if type(b) == "string" then size = size + #b end
  if type(c) == "string" then size = size + #c end
  if type(d) == "string" then size = size + #d end
  if type(e) == "string" then size = size + #e end
  if type(f) == "string" then size = size + #f end
  if type(g) == "string" then size = size + #g end
  if type(h) == "string" then size = size + #h end
  if type(i) == "string" then size = size + #i end
  if size > 2048 then making(size, "string.format") end
  return format(...)
end

function bounded.string.sub(text, from, to)
  if type(text) == "string" and #text > 8192 then spend(#text / 16) end
  return sub(text, from, to)
end

function bounded.string.upper(text)
  if type(text) == "string" and #text > 2048 then spend(#text / 4) end
  return upper(text)
end

function bounded.string.lower(text)
  if type(text) == "string" and #text > 2048 then spend(#text / 4) end
  return lower(text)
end

function bounded.string.reverse(text)
  if type(text) == "string" and #text > 2048 then spend(#text / 4) end
  return reverse(text)
end

function bounded.string.byte(text, from, to)
  if to ~= nil and type(text) == "string" and #text > many then
    local first, last = tonumber(from) or 1, tonumber(to) or 0
    local count = (last < 0 and #text + last or last) - (first < 0 and #text + first or first)
    if count > many then spend(count) end
  end
  return byte(text, from, to)
end

function bounded.string.char(...)
  if select("#", ...) > many then spend(select("#", ...)) end
  return char(...)
end

function bounded.base.unpack(list, from, to)
  local count = (tonumber(to) or type(list) == "table" and #list or 0) - (tonumber(from) or 1)
  if count > many then spend(count) end
  return unpack(list, from, to)
end

function bounded.base.tonumber(...)
  local text = ...
  if type(text) == "string" and #text > 2048 then spend(#text / 4) end
  return tonumber(...)
end

--- Of texts only; as long as a message may be.
function bounded.debug.traceback(message, level)
  if message ~= nil and type(message) ~= "string" and type(message) ~= "number" then return message end
  if type(message) == "string" and #message > longest_message then refuse("debug.traceback gets too long a message") end
  spend(400) -- walks over the stack, up to 22 lines of it
  return traceback(message, (tonumber(level) or 1) + 1)
end

-- Adds up what table.concat would make; a wrong element is left for it to tell.
local function concat_size(list, between, first, last)
  local size = (type(between) == "string" and #between or 0) * (last - first)
  for k = first, last do
    local value = rawget(list, k)
    if type(value) == "string" then size = size + #value elseif type(value) == "number" then size = size + 32 else return size end
    if k % 1024 == 0 then
      if size > max_string then return size end
      spend(1024)
    end
  end
  return size
end

function bounded.table.concat(list, between, first, last)
  if type(list) == "table" then
    local from = tonumber(first) or 1
    local size = concat_size(list, between, from - from % 1, tonumber(last) or #list)
    if size > 2048 then making(size, "table.concat") end
  end
  return concat(list, between, first, last)
end

-- Moves the elements from `at` on up by one, as table.insert does: past metamethods.
local function shift_up(list, at, value)
  for k = #list, at, -1 do
    rawset(list, k + 1, rawget(list, k))
    if k % 1024 == 0 then spend(1024) end
  end
  rawset(list, at, value)
end

function bounded.table.insert(list, ...)
  if select("#", ...) == 2 and type(list) == "table" then
    local at, value = ...
    at = tonumber(at)
    -- What doesn't fit into 32 bits is the least number to Lua's own function, which begins to count there.
    if at and not (at >= #list - 256 and at < 2^31) then return shift_up(list, at - at % 1, value) end
  end
  return insert(list, ...)
end

function bounded.table.remove(list, at)
  local place = tonumber(at)
  if place and type(list) == "table" and #list - place > 256 then spend(#list - place) end
  return remove(list, at)
end

function bounded.table.maxn(list)
  if type(list) ~= "table" then return own_table.maxn(list) end
  local most, seen = 0, 0
  for key in next, list do
    if type(key) == "number" and key > most then most = key end
    seen = seen + 1
    if seen % 1024 == 0 then spend(1024) end
  end
  return most
end

function bounded.table.foreach(list, call)
  if type(list) ~= "table" or type(call) ~= "function" then return own_table.foreach(list, call) end
  local seen = 0
  for key, value in next, list do
    local result = call(key, value)
    if result ~= nil then return result end
    seen = seen + 1
    if seen % 1024 == 0 then spend(10240) end
  end
end

function bounded.table.foreachi(list, call)
  if type(list) ~= "table" or type(call) ~= "function" then return own_table.foreachi(list, call) end
  for k = 1, #list do
    local result = call(k, list[k])
    if result ~= nil then return result end
    if k % 1024 == 0 then spend(10240) end
  end
end

if own_table.move then
  -- In pieces; from the end where the ranges overlap so.
  function bounded.table.move(list, first, last, to, target)
    local f, l, t = tonumber(first), tonumber(last), tonumber(to)
    if not (f and l and t) or l < f then return own_table.move(list, first, last, to, target) end
    -- Beyond 2^53 a count by ones stands still.
    if not (f > -2^31 and l < 2^31 and t < 2^31) then error("too many elements to move", 2) end
    if l - f <= 1024 then return own_table.move(list, first, last, to, target) end
    local goal = target == nil and list or target
    local up = t > f and t <= l and goal == list
    local done, count = 0, l - f + 1
    while done < count do
      local size = count - done < 1024 and count - done or 1024
      local from = up and l - done - size + 1 or f + done
      own_table.move(list, from, from + size - 1, t + (from - f), goal)
      done = done + size
      spend(1024)
    end
    return goal
  end
end

-- A conversion takes 150 ns.
function bounded.os.date(shape, time)
  if type(shape) == "string" and #shape > 4096 then refuse("os.date gets too long a format") end
  return date(shape, time)
end

return bounded
