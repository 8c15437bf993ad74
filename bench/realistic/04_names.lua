-- Servers of one domain.
local M = {}
local matched = 0

function M.flowProtocolDetected(flow)
  local name = flow.server_name
  if name and name:find("[12]%.example%.org$") then matched = matched + 1 end
end

return M
