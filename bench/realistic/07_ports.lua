-- A histogram of the servers' ports.
local M = {}
local ports = {}
for port = 0, 65535 do ports[port] = 0 end

function M.flowUpdate(flow)
  local port = flow.srv_port
  ports[port] = ports[port] + 1
end

return M
