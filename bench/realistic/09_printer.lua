-- A line for each flow that begins.
local M = {}

function M.flowCreate(flow)
  io.write(flow.cli_ip, ":", flow.cli_port, " -> ", flow.srv_ip, ":", flow.srv_port, "\n")
end

return M
