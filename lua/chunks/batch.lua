-- Makes the loop that runs one script's callbacks over a batch of events. Each script gets a loop compiled for itself: with all scripts
-- in one loop the traces of one would multiply with those of the others.
local host = ...
local ffi = require "ffi"
local cx = ffi.cast("script_cursor *", host.cursor)
local event_list = ffi.typeof("const script_event *")

--- `callbacks`: four functions or false, by kind. The loop begins at the cursor's place and leaves it at the event at hand.
return function(callbacks)
  if not host.jit then return false end
  local branches = {}
  for k = 1, 4 do
    if callbacks[k] then
      branches[#branches + 1] = ("%s kind == %d then cx.place, cx.flow, cx.now_ns = k, event.flow, event.now_ns f%d()"):format(
        #branches == 0 and "if" or "elseif", k - 1, k)
    end
  end
  if #branches == 0 then return false end
  local text = ("local cx, cast, event_list, f1, f2, f3, f4 = ... return function() local events = cast(event_list, cx.events) for k = cx.place, cx.count - 1 do "
    .. "local event = events[k] local kind = event.kind %s end end end"):format(table.concat(branches, " "))
  return assert(loadstring(text, "=batch"))(cx, ffi.cast, event_list, callbacks[1], callbacks[2], callbacks[3], callbacks[4])
end
