-- Tells of hosts that mine cryptocurrencies, by protocol (Stratum, Ethereum's peers) or by the name of a pool that they ask for.
-- Once an hour for each host and sign.
local pools = {["2miners.com"] = true, ["f2pool.com"] = true, ["hashvault.pro"] = true, ["herominers.com"] = true, ["minexmr.com"] = true,
  ["moneroocean.stream"] = true, ["nanopool.org"] = true, ["nicehash.com"] = true, ["pool.flowactors.example"] = true,
  ["supportxmr.com"] = true, ["viabtc.com"] = true}
local told = expiring_set{ttl = 3600, refresh = false}
local M = {}

local function pool_of(name)
  while name do
    if pools[name] then return name end
    name = name:match("%.(.+)$")
  end
end

local function look(flow)
  local by_protocol = flow.category == "Mining" and flow.confidence:sub(1, 3) == "DPI"
  local pool = not by_protocol and pool_of(flow.server_name)
  if not by_protocol and not pool then return end
  local ours = not flow.cli_local and flow.srv_local -- peers come from outside, too; what nobody answers accuses nobody
  if ours and flow.srv_packets == 0 then return end
  local host = ours and flow.srv_ip or flow.cli_ip
  if told:add(host .. " " .. (pool or "protocol")) then
    emit{alert = "mining", sign = pool and "name of a pool" or "protocol", host = host, src_ip = flow.cli_ip, dest_ip = flow.srv_ip,
      dest_port = flow.srv_port, app_proto = flow.proto, server_name = flow.server_name}
  end
end

M.flowProtocolDetected, M.flowDelete = look, look

return M
