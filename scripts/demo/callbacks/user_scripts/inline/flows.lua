-- Decides nothing: prints a line when a flow's protocol is known and one when the flow has ended (tools/demo).

local callbacks = {}
local troubles = {{key = "retransmissions", text = "sent again"}, {key = "out_of_order", text = "out of order"},
  {key = "lost", text = "lost"}}

-- "10.71.0.1:40312 <-> 10.71.0.2:443", with brackets around IPv6 addresses, without ports where there are none.
local function ends_of(f)
  local function side(ip, port)
    if port == 0 then return ip end
    return (ip:find(":", 1, true) and "[%s]:%d" or "%s:%d"):format(ip, port)
  end
  return side(f["cli.ip"], f["cli.port"]) .. " <-> " .. side(f["srv.ip"], f["srv.port"])
end

-- What the protocol told about itself.
local function subject_of(f)
  if f["protos.http.last_url"] then
    local status = f["protos.http.last_return_code"] -- 0 until the server has answered
    return ("%s %s%s %s"):format(f["protos.http.last_method"], f["host_server_name"] or "", f["protos.http.last_url"],
      status ~= 0 and status or "...")
  end
  local name = f["protos.dns.last_query"] or f["protos.ssh.client_signature"] or f["host_server_name"] or ""
  if f["tls.alpn"] then name = name .. " " .. f["tls.alpn"] end
  return name
end

local function print_flow(word, f, rest)
  io.write(("%-8s  %-45s  %-12s  %s\n"):format(word, ends_of(f), f["proto.ndpi"], rest))
end

function callbacks.flowProtocolDetected()
  local f = flow.dump()
  print_flow("detected", f, subject_of(f))
end

function callbacks.flowDelete()
  local f = flow.dump()
  local trouble = ""
  for _, kind in ipairs(troubles) do
    local count = (f["cli2srv." .. kind.key] or 0) + (f["srv2cli." .. kind.key] or 0)
    if count > 0 then trouble = trouble .. (", %d %s"):format(count, kind.text) end
  end
  if f["vlan"] ~= 0 then trouble = trouble .. ", VLAN " .. f["vlan"] end
  if f["tunnel"] then trouble = trouble .. (", in %s %d"):format(f["tunnel"], f["tunnel.id"]) end
  print_flow("ended", f, ("%d packets, %d bytes%s (%s)"):format(f["packets"], f["bytes"], trouble, f["end.reason"]))
end

return callbacks
