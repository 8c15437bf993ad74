-- Decides nothing.
local callbacks = {}

function callbacks.flowCreate()
  io.write("crlf\n")
  error("line 6")
end

return callbacks
