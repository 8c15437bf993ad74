-- Tells of clients that fail at many ports of one host, or at the same port of many hosts, within a minute.
-- Once in five minutes for each. Connections that carry nothing count as failed; UDP counts when nobody answered.
local least_ports, least_hosts, within = 20, 30, 60
local exempt = prefix_set{"192.0.2.9"} -- scanners of our own, monitoring
local not_hosts = prefix_set{"224.0.0.0/4", "255.255.255.255", "ff00::/8"}
local ports_of, hosts_of = distinct{window = within}, distinct{window = within}
local told = expiring_set{ttl = 300, refresh = false}
local SYN = 2
local M = {}

local function failed(flow)
  if flow.l4 == "TCP" then return bit.band(flow.cli_flags, SYN) ~= 0 and flow.cli_payload + flow.srv_payload == 0 end
  local traceroute = flow.srv_port >= 33434 and flow.srv_port < 33700
  return flow.l4 == "UDP" and flow.srv_packets == 0 and not traceroute
end

local function tell(kind, key, flow, record)
  if not told:add(kind .. " " .. key) then return end
  record.alert, record.src_ip, record.proto, record.seconds = kind, flow.cli_ip, flow.l4, within
  emit(record)
end

function M.flowDelete(flow)
  if not failed(flow) or exempt:match(flow.cli_ip) or not_hosts:match(flow.srv_ip) then return end
  local client, server, port = flow.cli_ip .. " " .. flow.l4, flow.srv_ip, flow.srv_port
  local ports = ports_of:add(client .. " " .. server, port, flow.first_seen)
  if ports >= least_ports then tell("port scan", client .. " " .. server, flow, {dest_ip = server, ports = ports}) end
  if flow.l4 ~= "TCP" then return end -- over UDP, one port of many silent hosts is what peers and blocked QUIC look like
  local hosts = hosts_of:add(client .. " " .. port, server, flow.first_seen)
  if hosts >= least_hosts then tell("host scan", client .. " " .. port, flow, {dest_port = port, hosts = hosts}) end
end

return M
