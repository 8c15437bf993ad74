-- Flows and updates of each protocol.
local M = {}
local flows, updates = {}, {}

function M.flowProtocolDetected(flow)
  local name = flow.proto
  flows[name] = (flows[name] or 0) + 1
end

function M.flowUpdate(flow)
  local name = flow.proto
  updates[name] = (updates[name] or 0) + 1
end

return M
