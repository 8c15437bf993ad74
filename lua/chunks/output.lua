-- What scripts write: `io.write` collects in one buffer for all scripts of the VM, handed over by `flush`.
local host = ...
local ffi = require "ffi"
local buffer = require("string.buffer").new(65536)
local cx = ffi.cast("script_cursor *", host.cursor)
local sink = ffi.cast("void *", host.sink)
local hand_over = ffi.cast("void (*)(void *, const char *, size_t)", host.write)
local most = 65536

local output = {}

function output.flush()
  local data, size = buffer:ref()
  if size > 0 then hand_over(sink, data, size) end
  buffer:reset()
  cx.pending = 0
end
local flush = output.flush

--- `io.write` to the default output.
function output.write(...)
  for k = 1, select("#", ...) do
    local value = select(k, ...)
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" then
      error(("bad argument #%d to 'write' (string expected, got %s)"):format(k, value == nil and "nil" or kind), 2)
    end
    if kind == "string" and #value > most then
      flush()
      hand_over(sink, value, #value)
    else
      buffer:put(value)
    end
  end
  cx.pending = 1
  if #buffer > most then flush() end
  return true
end

--- Bytes in memory, and the end of their line.
function output.append_line(data, size)
  if size > most then
    flush()
    hand_over(sink, data, size)
  else
    buffer:putcdata(data, size)
  end
  buffer:put("\n")
  cx.pending = 1
  if #buffer > most then flush() end
end

output.buffer = buffer
return output
