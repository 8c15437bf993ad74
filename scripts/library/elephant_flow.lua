-- Tells of flows that carry very much, while they do: once for each.
local least_bytes = 100e6
local M = {}

local function look(flow)
  if flow.bytes < least_bytes or flow.data.told then return end
  flow.data.told = true
  emit{alert = "elephant flow", bytes_toserver = flow.cli_bytes, bytes_toclient = flow.srv_bytes, age = flow.duration, src_ip = flow.cli_ip,
    dest_ip = flow.srv_ip, dest_port = flow.srv_port, proto = flow.l4, app_proto = flow.proto, server_name = flow.server_name}
end

M.flowUpdate, M.flowDelete = look, look

return M
