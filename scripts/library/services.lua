-- Keeps an inventory: tells of each service the first time that it answers, and again when it was silent for a month.
local seen = expiring_set{ttl = 30 * 86400, max = 100000}
local M = {}

function M.flowDelete(flow)
  if flow.srv_packets == 0 or flow.srv_port == 0 or (flow.l4 == "TCP" and not flow.established) then return end
  local app = flow.master or flow.app
  if seen:add(flow.srv_ip .. " " .. flow.l4 .. " " .. flow.srv_port .. " " .. app) then
    emit{note = "service", dest_ip = flow.srv_ip, dest_port = flow.srv_port, proto = flow.l4, app_proto = app, server_name = flow.server_name}
  end
end

return M
