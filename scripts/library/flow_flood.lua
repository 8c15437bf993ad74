-- Tells of hosts that open, or are asked for, more flows within seconds than they have reason to. Once a minute for each.
-- Servers with many clients, resolvers and proxies belong to the exempt.
local most_from, most_to, within = 500, 1000, 10
local exempt = prefix_set{"192.0.2.53", "192.0.2.80"}
local from, to = window_counter{window = within, buckets = 10}, window_counter{window = within, buckets = 10}
local told = expiring_set{ttl = 60, refresh = false}
local M = {}

function M.flowCreate(flow)
  local client, server = flow.cli_ip, flow.srv_ip
  local opened, asked = from:add(client), to:add(server)
  if opened >= most_from and not exempt:match(client) and told:add("from " .. client) then
    emit{alert = "flow flood", role = "client", src_ip = client, flows = opened, seconds = within, last_dest_ip = server,
      last_dest_port = flow.srv_port}
  end
  if asked >= most_to and not exempt:match(server) and told:add("to " .. server) then
    emit{alert = "flow flood", role = "server", dest_ip = server, flows = asked, seconds = within, last_src_ip = client,
      last_dest_port = flow.srv_port}
  end
end

return M
