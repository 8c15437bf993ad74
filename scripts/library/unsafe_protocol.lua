-- Tells of protocols that nDPI rates as unsafe or dangerous: they show passwords, hide what they carry, or serve attacks more than
-- work. Once a day for each client and protocol. (Passwords in the clear alone: clear_text.)
local unsafe = {Unsafe = true, Dangerous = true, ["Potentially Dangerous"] = true}
local in_order = {} -- protocols that are used here all the same: {Telnet = true}
local told = expiring_set{ttl = 86400, refresh = false}
local M = {}

function M.flowDelete(flow)
  local app = flow.app
  if not unsafe[flow.breed] or in_order[app] or flow.confidence:sub(1, 3) ~= "DPI" then return end
  if flow.srv_packets == 0 then return end -- what nobody answers is a try
  if told:add(flow.cli_ip .. " " .. app) then
    emit{alert = "unsafe protocol", app_proto = app, breed = flow.breed, src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port}
  end
end

return M
