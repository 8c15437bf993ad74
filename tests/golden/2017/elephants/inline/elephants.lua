-- Tells of flows that carried more than 20 kB in a direction.
local callbacks, most = {}, 20000

function callbacks.flowDelete()
  local f = flow.dump()
  local category = flow.getNdpiCategory()
  for _, side in ipairs {"cli2srv", "srv2cli"} do
    if category ~= "FileTransfer" and f[side .. ".bytes"] > most then
      io.write(side, " ", f[side .. ".bytes"], " ", category, " ", f["host_server_name"] or "?", " ", f["srv.network_id"], "\n")
    end
  end
end

return callbacks
