-- Tells of DNS names that do not exist, as malware asks for by the dozen: once for each client and name in an hour.
local told = expiring_set{ttl = 3600}
local no_such_name = 3
local M = {}

function M.flowDelete(flow)
  local query = flow.dns_query
  if query and flow.dns_code == no_such_name and told:add(flow.cli_ip .. " " .. query) then
    emit{alert = "no such name", src_ip = flow.cli_ip, dest_ip = flow.srv_ip, query = query}
  end
end

return M
