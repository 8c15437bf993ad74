-- Tells of TCP connections that suffered on their way: packets sent again, lost or out of order. Once in five minutes for each
-- client and server.
local least_packets, least_troubled, least_share = 20, 2, 0.02
local told = expiring_set{ttl = 300, refresh = false}
local M = {}

function M.flowDelete(flow)
  if flow.l4 ~= "TCP" or flow.packets < least_packets then return end
  local troubled = flow.cli_retransmissions + flow.srv_retransmissions + flow.cli_out_of_order + flow.srv_out_of_order
    + flow.cli_lost + flow.srv_lost
  if troubled < least_troubled or troubled / flow.packets < least_share then return end
  if not told:add(flow.cli_ip .. " " .. flow.srv_ip) then return end
  emit{alert = "bad connection", src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port, packets = flow.packets,
    percent = math.floor(troubled / flow.packets * 1000 + 0.5) / 10}
end

return M
