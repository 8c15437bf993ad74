-- How many flows come, go and change, and what they carried.
local M = {}
local created, updated, ended, bytes = 0, 0, 0, 0

function M.flowCreate() created = created + 1 end
function M.flowUpdate() updated = updated + 1 end

function M.flowDelete(flow)
  ended = ended + 1
  bytes = bytes + flow.bytes
end

return M
