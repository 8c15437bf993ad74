-- Tells of TCP connections that carry far more headers than content: chatty programs, tiny segments, keep-alives without end.
-- Once in five minutes for each client and server.
local least_packets, least_share = 20, 0.25 -- of content among all bytes
local told = expiring_set{ttl = 300, refresh = false}
local M = {}

function M.flowDelete(flow)
  if flow.l4 ~= "TCP" or not flow.established or flow.packets < least_packets then return end
  local share = (flow.cli_payload + flow.srv_payload) / flow.bytes
  if share < least_share and told:add(flow.cli_ip .. " " .. flow.srv_ip) then
    emit{alert = "low goodput", payload_share = math.floor(share * 1000 + 0.5) / 1000, packets = flow.packets, bytes = flow.bytes,
      src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port, app_proto = flow.proto}
  end
end

return M
