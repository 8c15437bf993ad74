-- Decides nothing: takes whatever comes.
local callbacks = {}

function callbacks.flowCreate(...)
  local given = select("#", ...)
  io.write(given, " ", type((...)), " ", tostring(arg), "\n")
  return "dropped", 1
end

callbacks.flowDelete = function() return callbacks.flowCreate(flow) end

return callbacks
