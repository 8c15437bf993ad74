package.preload["counter"] = loadstring([[
module("counter", package.seeall)
local count = 0
function increment() count = count + 1 return count end
function knows() return type(tostring) == "function" and type(flow) == "table" end
]])
require "counter"

local callbacks = {}
function callbacks.flowDelete()
   if counter.increment() == 3 then io.write("counter 3 ", tostring(counter.knows()), "\n") end
end
return callbacks
