-- Tells when one of our hosts speaks with an outside host that none of ours has spoken with in a week.
local ours = prefix_set{"10.71.0.1", "fd71::1"}
local known = expiring_set{ttl = 7 * 86400, max = 100000}
local M = {}

function M.flowDelete(flow)
  if flow.srv_packets == 0 or (flow.l4 == "TCP" and not flow.established) then return end
  if not ours:match(flow.cli_ip) or ours:match(flow.srv_ip) then return end
  if known:add(flow.srv_ip) then
    emit{alert = "new destination", src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port, app_proto = flow.proto,
      server_name = flow.server_name}
  end
end

return M
