local callbacks = {}
local left = 2

function callbacks.flowCreate()
   if left == 0 then return end
   left = left - 1
   local a = ntop.httpGet("http://example.org/")
   local b = interface.getHostInfo("10.0.0.1")
   local c
   if left == 0 then c = flow.getTos() ntop.getcache("x") end
   io.write(tostring(a) .. tostring(b))
end

return callbacks
