-- Tells of DHCP servers that nobody announced, such as a router brought from home. Once a day for each.
local announced = prefix_set{"10.71.0.2", "192.0.2.67"}
local client_port_of = {[67] = 68, [547] = 546} -- by the server's port: DHCP, DHCPv6
local told = expiring_set{ttl = 86400, refresh = false}
local M = {}

local function look(flow)
  if flow.app ~= "DHCP" and flow.app ~= "DHCPV6" then return end
  local server, mac
  if client_port_of[flow.cli_port] == flow.srv_port then -- an answer to all is a flow of its own
    server, mac = flow.cli_ip, flow.cli_mac
  elseif client_port_of[flow.srv_port] and flow.srv_packets > 0 then
    server, mac = flow.srv_ip, flow.srv_mac
  end
  if server and not announced:match(server) and told:add(server) then
    emit{alert = "unexpected server", app_proto = flow.app, dest_ip = server, dest_mac = mac}
  end
end

M.flowProtocolDetected, M.flowDelete = look, look

return M
