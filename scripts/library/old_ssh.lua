-- Tells of SSH programs older than they should be, and of those that still speak version 1. Once a day for each host.
local oldest = {OpenSSH = 8.0, dropbear = 2020.79} -- older ones are told of; distributions mend others without a new number
local told = expiring_set{ttl = 86400}
local M = {}

-- Why the program of this signature is too old; nil if it is not.
local function fault(signature)
  local protocol, program, version = signature:match("^SSH%-([%d.]+)%-(%a+)[_-]?([%d.]*)")
  if not protocol then return nil end
  if protocol:sub(1, 2) == "1." then return "speaks version " .. protocol end
  local number = tonumber(version:match("^%d+%.?%d*"))
  if number and oldest[program] and number < oldest[program] then return program .. " " .. version end
end

local function look(flow, signature, role, host)
  local why = signature and fault(signature)
  if why and told:add(role .. " " .. host .. " " .. signature) then
    emit{alert = "old SSH", reason = why, role = role, host = host, signature = signature, src_ip = flow.cli_ip, dest_ip = flow.srv_ip,
      dest_port = flow.srv_port}
  end
end

function M.flowDelete(flow)
  look(flow, flow.ssh_client, "client", flow.cli_ip)
  look(flow, flow.ssh_server, "server", flow.srv_ip)
end

return M
