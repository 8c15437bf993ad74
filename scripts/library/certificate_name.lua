-- Tells of TLS servers whose certificate does not have the name that the client asked for. Once a day for each server and name.
-- TLS 1.3 hides certificates, so this sees what older versions show.
local told = expiring_set{ttl = 86400}
local longest_list, longest_name = 511, 78 -- what is longer may have been cut: nothing is said about it
local M = {}

-- Whether one of the certificate's names is this one; a * stands for one label (RFC 6125, 6.4.3).
local function covers(names, asked)
  local above = asked:match("^[^.]+(%..+)$")
  for name in names:lower():gmatch("[^,]+") do
    if name == asked or (above and name == "*" .. above) then return true end
  end
  return false
end

function M.flowDelete(flow)
  local asked, names = flow.tls_sni, flow.tls_server_names
  if not asked or not names or #names > longest_list or #asked > longest_name or covers(names, asked:lower()) then return end
  if asked:find("^[%d.]+$") or asked:find(":", 1, true) then return end -- an address is no name
  if told:add(flow.srv_ip .. " " .. flow.srv_port .. " " .. asked) then
    emit{alert = "certificate for another name", asked = asked, names = names, subject = flow.tls_subject, issuer = flow.tls_issuer,
      src_ip = flow.cli_ip, dest_ip = flow.srv_ip, dest_port = flow.srv_port}
  end
end

return M
