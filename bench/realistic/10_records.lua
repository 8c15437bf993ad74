-- A record of each flow that ends.
local M = {}

function M.flowDelete(flow)
  emit({client = flow.cli_ip, server = flow.srv_ip, port = flow.srv_port, bytes = flow.bytes, proto = flow.proto})
end

return M
