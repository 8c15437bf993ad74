-- Tells of hosts that share files with their peers, and what. Once an hour for each host and protocol.
local sharing = {BitTorrent = true, DirectConnect = true, eDonkey = true, Gnutella = true, Soulseek = true}
local told = expiring_set{ttl = 3600, refresh = false}
local M = {}

function M.flowDelete(flow)
  local app = flow.app
  if not sharing[app] or flow.confidence:sub(1, 3) ~= "DPI" then return end
  local ours = not flow.cli_local and flow.srv_local -- peers come from outside, too; what nobody answers accuses nobody
  if ours and flow.srv_packets == 0 then return end
  local host = ours and flow.srv_ip or flow.cli_ip
  if told:add(host .. " " .. app) then
    emit{alert = "peer-to-peer", app_proto = app, host = host, src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port,
      bytes_toserver = flow.cli_bytes, bytes_toclient = flow.srv_bytes, info_hash = flow.bittorrent_hash}
  end
end

return M
