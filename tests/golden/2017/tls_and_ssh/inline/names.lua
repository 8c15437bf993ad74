-- Tells of TLS without a certificate that bears the name asked for, and of SSH versions.
local callbacks = {}

function callbacks.flowDelete()
  local f = flow.dump()
  if f["protos.ssl.certificate"] then
    local asked, given = f["protos.ssl.certificate"], f["protos.ssl.server_certificate"]
    io.write(asked, " ", given or "certificate not seen", given and given ~= asked and " MISMATCH" or "", "\n")
  elseif f["protos.ssh.client_signature"] then
    io.write(f["protos.ssh.client_signature"], " ", f["protos.ssh.server_signature"], "\n")
  end
end

return callbacks
