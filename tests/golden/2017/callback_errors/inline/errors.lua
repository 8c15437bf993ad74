-- Decides nothing: fails in each callback.
local callbacks = {}

local function deep(what) return what.missing.field end

function callbacks.flowCreate() deep({}) end
function callbacks.flowProtocolDetected() error("on purpose") end
function callbacks.flowUpdate() error({code = 7}) end
function callbacks.flowDelete() local f = flow.dump() return f["no.such.key"] .. "x" end

return callbacks
