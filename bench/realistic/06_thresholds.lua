-- Flows that carried more than is usual, told at once.
local M = {}

function M.flowUpdate(flow)
  if flow.bytes > 2090000 then print("large flow: " .. flow.cli_ip) end
end

return M
