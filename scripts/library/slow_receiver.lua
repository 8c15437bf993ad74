-- Tells of receivers that could not keep up: their window closed while the other side had more to send.
local M = {}

function M.flowDelete(flow)
  if flow.l4 ~= "TCP" then return end
  local client, server = flow.cli_zero_windows, flow.srv_zero_windows
  if client + server == 0 then return end
  emit{alert = "slow receiver", receiver = client >= server and flow.cli_ip or flow.srv_ip, src_ip = flow.cli_ip, dest_ip = flow.srv_ip,
    dest_port = flow.srv_port, times = math.max(client, server)}
end

return M
