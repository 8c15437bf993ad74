-- Tells of local hosts that send an outside host very much and get next to nothing back, as when data is carried away.
-- Counted for each pair over an hour, over all flows between them; told once an hour. Backups and the like belong to the exempt.
local least_bytes, least_ratio, within = 50e6, 10, 3600
local exempt = prefix_set{"192.0.2.0/24"}
local large = 1e6 -- flows that have sent so much are counted while they live
local up, down = window_counter{window = within}, window_counter{window = within}
local told = expiring_set{ttl = within, refresh = false}
local M = {}

local function count(flow, more_up, more_down)
  local pair = flow.cli_ip .. " " .. flow.srv_ip
  local sent, received = up:add(pair, more_up), down:add(pair, more_down)
  if sent >= least_bytes and sent >= received * least_ratio and told:add(pair) then
    emit{alert = "upload", bytes_sent = sent, bytes_received = received, seconds = within, src_ip = flow.cli_ip, dest_ip = flow.srv_ip,
      dest_port = flow.srv_port, app_proto = flow.proto, server_name = flow.server_name}
  end
end

local function look(flow, ends)
  if not flow.cli_local or flow.srv_local or exempt:match(flow.srv_ip) then return end
  local sent, received = flow.cli_payload, flow.srv_payload
  if sent < large then
    if ends and sent + received > 0 then count(flow, sent, received) end
    return
  end
  local data = flow.data
  count(flow, sent - (data.sent or 0), received - (data.received or 0))
  data.sent, data.received = sent, received
end

function M.flowUpdate(flow) look(flow, false) end

function M.flowDelete(flow) look(flow, true) end

return M
