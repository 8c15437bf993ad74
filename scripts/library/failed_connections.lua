-- Tells of TCP connections that came to nothing: refused, or never answered. Once in five minutes for a client, server and port.
local told = expiring_set{ttl = 300}
local M = {}

function M.flowDelete(flow)
  if flow.l4 ~= "TCP" or flow.established or flow.cli_packets == 0 then return end
  if not told:add(flow.cli_ip .. " " .. flow.srv_ip .. " " .. flow.srv_port) then return end
  emit{alert = "failed connection", reason = flow.srv_packets > 0 and "refused" or "no answer", src_ip = flow.cli_ip,
    dest_ip = flow.srv_ip, dest_port = flow.srv_port}
end

return M
