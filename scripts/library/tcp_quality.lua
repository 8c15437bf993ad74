-- Tells of TCP connections that suffered: packets sent again, lost or out of order, or a receiver that could not keep up.
local least_packets, worst_share = 20, 0.01
local M = {}

local function trouble(f, side)
  return f[side .. ".retransmissions"] + f[side .. ".out_of_order"] + f[side .. ".lost"]
end

function M.flowDelete()
  local f = flow.dump()
  local packets = f["cli2srv.packets"] + f["srv2cli.packets"]
  if f["proto.l4"] ~= "TCP" or packets < least_packets then return end
  local share = (trouble(f, "cli2srv") + trouble(f, "srv2cli")) / packets
  if share < worst_share then return end
  io.write(json.encode{alert = "bad connection", src_ip = f["cli.ip"], dest_ip = f["srv.ip"], dest_port = f["srv.port"], packets = packets,
    percent = math.floor(share * 1000 + 0.5) / 10}, "\n")
end

return M
