-- What scripts write: `io.write` collects in one buffer for all scripts of the VM, handed over by `flush`.
local host = ...
local ffi = require "ffi"
local buffer = require("string.buffer").new(65536)
local cx = ffi.cast("script_cursor *", host.cursor)
local sink = ffi.cast("void *", host.sink)
local hand_over = ffi.cast("void (*)(void *, const char *, size_t)", host.write)
local most = 65536
local clock = ffi.cast("const int32_t *", host.meter) -- even = a second, odd = one of which something was dropped
local is_crowded, refuse = host.is_crowded, host.refuse_output

local output = {}

-- Bytes of each script in this second of the clock, by its number: where there were too many, whoever wrote most of them is to blame.
local shares, second, seen = {}, -1, 0 -- `seen` = of the buffer
local function blame()
  if not is_crowded() then return end
  local most_bytes, greediest = 0, nil
  for script, bytes in next, shares do
    if bytes > most_bytes then most_bytes, greediest = bytes, script end
  end
  if greediest == cx.script then refuse() end
end
if host.jit then jit.off(blame) end

--- So many bytes of the script at hand have gone out, or were dropped.
function output.said(bytes)
  local now, script = clock[0], cx.script
  if now - now % 2 ~= second then shares, second = {}, now - now % 2 end
  shares[script] = (shares[script] or 0) + bytes
  if now ~= second then blame() end
end
local said = output.said
host.said = said

local function written(more)
  local size = #buffer
  said(size - seen + more)
  seen = size
end

function output.flush()
  local data, size = buffer:ref()
  if size > 0 then hand_over(sink, data, size) end
  buffer:reset()
  cx.pending, seen = 0, 0
end
local flush = output.flush

--- `io.write` to the default output.
function output.write(...)
  local more = 0
  for k = 1, select("#", ...) do
    local value = select(k, ...)
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" then
      error(("bad argument #%d to 'write' (string expected, got %s)"):format(k, value == nil and "nil" or kind), 2)
    end
    if kind == "string" and #value > most then
      flush()
      hand_over(sink, value, #value)
      more = more + #value
    else
      buffer:put(value)
    end
  end
  cx.pending = 1
  written(more)
  if #buffer > most then flush() end
  return true
end

--- Bytes in memory, and the end of their line.
function output.append_line(data, size)
  local more = 0
  if size > most then
    flush()
    hand_over(sink, data, size)
    more = tonumber(size)
  else
    buffer:putcdata(data, size)
  end
  buffer:put("\n")
  cx.pending = 1
  written(more)
  if #buffer > most then flush() end
end

output.buffer = buffer
return output
