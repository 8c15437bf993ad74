-- Tells of flows that live very long, as tunnels and remote sessions do: once for each, while it lives.
-- A flow in which nothing moves for [flows] idle_after ends; what comes then is another one.
local least_seconds = 3600
local exempt = prefix_set{"192.0.2.0/24"} -- servers where long connections are in order
local M = {}

local function look(flow)
  if flow.duration < least_seconds or flow.data.told or exempt:match(flow.srv_ip) then return end
  flow.data.told = true
  emit{alert = "long flow", age = flow.duration, bytes = flow.bytes, src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port,
    proto = flow.l4, app_proto = flow.proto, server_name = flow.server_name}
end

M.flowUpdate, M.flowDelete = look, look

return M
