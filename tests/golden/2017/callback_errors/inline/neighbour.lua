-- Decides nothing: counts.
local callbacks, created = {}, 0

function callbacks.flowCreate() created = created + 1 end
function callbacks.flowDelete() io.write(created, " created\n") end

return callbacks
