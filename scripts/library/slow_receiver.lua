-- Tells of receivers that could not keep up: their window closed while the other side had more to send. Once in five minutes for
-- each client and server.
local told = expiring_set{ttl = 300, refresh = false}
local M = {}

function M.flowDelete(flow)
  if flow.l4 ~= "TCP" or not flow.established then return end
  local client, server = flow.cli_zero_windows, flow.srv_zero_windows
  if client + server == 0 or not told:add(flow.cli_ip .. " " .. flow.srv_ip) then return end
  emit{alert = "slow receiver", receiver = client >= server and flow.cli_ip or flow.srv_ip, src_ip = flow.cli_ip, dest_ip = flow.srv_ip,
    dest_port = flow.srv_port, times = math.max(client, server)}
end

return M
