-- Tells of DNS names that do not exist, as malware asks for by the dozen: once for each client and name in an hour. Names that
-- are asked for to no avail every day (of addresses, of services near by, of one label) are left out.
local told = expiring_set{ttl = 3600}
local no_such_name = 3
local M = {}

local function everyday(name)
  return not name:find(".", 1, true) or name:sub(1, 1) == "_" or name:find("%._dns%-sd%.") or name:find("%.arpa$") or name:find("%.local$")
end

function M.flowDelete(flow)
  local query = flow.dns_query
  if query and not everyday(query:lower()) and flow.dns_code == no_such_name and told:add(flow.cli_ip .. " " .. query) then
    emit{alert = "no such name", src_ip = flow.cli_ip, dest_ip = flow.srv_ip, query = query}
  end
end

return M
