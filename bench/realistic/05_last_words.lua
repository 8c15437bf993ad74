-- Everything about the flow that ended last.
local M = {}
local last

function M.flowDelete(flow) last = flow.dump() end

return M
