-- Tells of flows to networks that a policy forbids; the label of the network says why. Once an hour for each client and network.
local forbidden = prefix_set{["10.72.0.0/16"] = "laboratory", ["fd71::/64"] = "IPv6 test net", ["203.0.113.0/24"] = "left behind"}
local told = expiring_set{ttl = 3600, refresh = false}
local M = {}

function M.flowCreate(flow)
  local why = forbidden:match(flow.srv_ip)
  if why and told:add(flow.cli_ip .. " " .. why) then
    emit{alert = "forbidden network", reason = why, src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port, proto = flow.l4}
  end
end

return M
