-- Tells of TCP connections that came to nothing: refused, never answered, or not completed by who had asked for them.
-- Once in five minutes for a client, server and port, and not of all that a client fails at: many make a scan (port_scan).
local most, within = 20, 300
local told, failures = expiring_set{ttl = within}, window_counter{window = within}
local SYN, RST, ACK = 2, 4, 16
local M = {}

local function reason(flow)
  local client, server = flow.cli_flags, flow.srv_flags
  if bit.band(client, SYN) == 0 then return nil end -- its beginning was not seen
  if flow.srv_packets == 0 then -- if the client acknowledges, somebody does answer, on a way that isn't seen
    return bit.band(client, ACK) == 0 and "no answer" or nil
  end
  return bit.band(server, SYN + RST) == RST and "refused" or "not completed"
end

function M.flowDelete(flow)
  if flow.l4 ~= "TCP" or flow.established or flow.cli_payload + flow.srv_payload > 0 then return end
  local why = reason(flow)
  if not why or not told:add(flow.cli_ip .. " " .. flow.srv_ip .. " " .. flow.srv_port) then return end
  if failures:add(flow.cli_ip) <= most then
    emit{alert = "failed connection", reason = why, src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port}
  end
end

return M
