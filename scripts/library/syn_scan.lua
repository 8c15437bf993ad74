-- Tells of SYN scans: a client to which several ports of a host agree, and which never completes a handshake but resets it.
-- Once in five minutes for each pair. Load balancers that check their servers so belong to the exempt.
local least_ports, within = 3, 60
local exempt = prefix_set{"192.0.2.80"}
local probed = distinct{window = within}
local told = expiring_set{ttl = 300, refresh = false}
local SYN_ACK, RST, ACK = 18, 4, 16
local M = {}

function M.flowDelete(flow)
  if flow.l4 ~= "TCP" or flow.established or flow.cli_payload > 0 or bit.band(flow.srv_flags, SYN_ACK) ~= SYN_ACK then return end
  if bit.band(flow.cli_flags, RST + ACK) ~= RST or exempt:match(flow.cli_ip) then return end
  local pair = flow.cli_ip .. " " .. flow.srv_ip
  local ports = probed:add(pair, flow.srv_port, flow.first_seen)
  if ports >= least_ports and told:add(pair) then
    emit{alert = "SYN scan", src_ip = flow.cli_ip, dest_ip = flow.srv_ip, open_ports = ports, seconds = within}
  end
end

return M
