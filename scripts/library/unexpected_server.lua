-- Tells of servers of DNS, NTP and mail that nobody announced. Once a day each. (DHCP: unexpected_dhcp.)
local announced = { -- networks or addresses, by protocol
  DNS = prefix_set{"10.71.0.2", "192.0.2.53"},
  NTP = prefix_set{"192.0.2.123"},
  SMTP = prefix_set{"10.71.0.2", "192.0.2.25"},
}
local told = expiring_set{ttl = 86400, refresh = false}
local M = {}

function M.flowDelete(flow)
  local app = flow.master or flow.app
  local servers = announced[app]
  if not servers or flow.srv_packets == 0 or servers:match(flow.srv_ip) then return end
  if flow.confidence:sub(1, 3) ~= "DPI" then return end -- a port alone is no server
  if told:add(app .. " " .. flow.srv_ip) then
    emit{alert = "unexpected server", app_proto = app, dest_ip = flow.srv_ip, dest_port = flow.srv_port, src_ip = flow.cli_ip}
  end
end

return M
