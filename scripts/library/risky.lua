-- Tells of flows in which nDPI saw a risk, from a weight on. Once an hour for each client, server and list of risks.
local least_score = 50
local told = expiring_set{ttl = 3600, refresh = false}
local M = {}

function M.flowDelete(flow)
  if flow.risk_score < least_score then return end
  if not told:add(flow.cli_ip .. " " .. flow.srv_ip .. " " .. table.concat(flow.risks, ",")) then return end
  emit{alert = "risk", risks = flow.risks, score = flow.risk_score, proto = flow.proto, src_ip = flow.cli_ip, dest_ip = flow.srv_ip,
    dest_port = flow.srv_port}
end

return M
