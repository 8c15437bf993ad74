-- Updates of each client.
local M = {}
local clients = {}

function M.flowUpdate(flow)
  local ip = flow.cli_ip
  clients[ip] = (clients[ip] or 0) + 1
end

return M
