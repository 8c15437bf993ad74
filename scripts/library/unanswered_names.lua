-- Tells of DNS names that do not exist (reply code 3), as malware asks for by the dozen: once for each client and name in an hour.
local told = expiring_set{ttl = 3600}
local no_such_name = 3
local M = {}

function M.flowDelete()
  local f = flow.dump()
  local query = f["protos.dns.last_query"]
  if query and f["dns.reply_code"] == no_such_name and told:add(f["cli.ip"] .. " " .. query) then
    io.write(json.encode{alert = "no such name", src_ip = f["cli.ip"], dest_ip = f["srv.ip"], query = query}, "\n")
  end
end

return M
