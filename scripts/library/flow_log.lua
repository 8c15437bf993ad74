-- A record of every TCP and UDP flow, when it has ended, with the names of Suricata's EVE where the thing is the same.
local M = {}

function M.flowDelete(flow)
  if flow.l4 ~= "TCP" and flow.l4 ~= "UDP" then return end
  emit{event_type = "flow", timestamp = flow.last_seen, src_ip = flow.cli_ip, src_port = flow.cli_port, dest_ip = flow.srv_ip,
    dest_port = flow.srv_port, proto = flow.l4, app_proto = flow.proto, server_name = flow.server_name, community_id = flow.community_id,
    flow = {pkts_toserver = flow.cli_packets, pkts_toclient = flow.srv_packets, bytes_toserver = flow.cli_bytes,
      bytes_toclient = flow.srv_bytes, age = flow.duration, reason = flow.end_reason}}
end

return M
