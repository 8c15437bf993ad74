-- Keeps something of each flow from its creation to its end, in a global, as scripts did.
local callbacks = {}
states = {}
seen = 0

local function key(f)
   return f["cli.ip"] .. f["cli.port"] .. f["srv.ip"] .. f["srv.port"] .. f["proto.l4"]
end

function callbacks.flowCreate()
   states[key(flow.dump())] = flow.getFirstSeen()
   seen = seen + 1
end

function callbacks.flowDelete()
   local k = key(flow.dump())
   local lasted = flow.getLastSeen() - states[k]
   states[k] = nil
   if next(states) == nil then io.write("0 left, " .. seen .. " seen, " .. lasted .. " s\n") end
end

return callbacks
