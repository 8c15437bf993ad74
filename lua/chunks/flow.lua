-- Builds the methods of the table `flow`. Runs once in a VM, before any script. FFI is used here and in output.lua only, and
-- stays in the upvalues of closures.
local host, kept = ...
local names = host.names
local old = host.names_2017 -- what the methods give instead, if anything

-- Labels of (master, application) pairs, made when first met: "TLS.Google". The key is master * 2^15 + application.
local function label(pair, protocols)
  local master, app = math.floor(pair / 32768), pair % 32768
  local function name(id) return protocols[id] or (id == 0 and "Unknown" or tostring(id)) end
  if master == 0 or master == app then return name(app) end
  if app == 0 or name(master) == name(app) then return name(master) end
  return name(master) .. "." .. name(app)
end
local function labels(longest, protocols)
  return setmetatable({}, {__index = function(made, pair)
    local text = label(pair, protocols):sub(1, longest)
    made[pair] = text
    return text
  end})
end
-- Names that the catalog lacks.
local function otherwise(list, make)
  return setmetatable(list, {__index = function(made, id)
    local text = make(id)
    made[id] = text
    return text
  end})
end
local function unspecified() return "Unspecified" end
local function unrated() return "Unrated" end
names.labels = labels(63, names.protocols)
local shown = old or names
local short_labels, long_labels = labels(31, shown.protocols), old and labels(63, old.protocols) or names.labels
-- The same for compiled code, as rows[master][application]: found without a search.
local function rows_of(list)
  local new_table, most = require "table.new", #names.protocols
  return setmetatable(new_table(most, 0), {__index = function(rows, master)
    local row = setmetatable(new_table(most, 0), {__index = function(row, app)
      local text = list[master * 32768 + app]
      row[app] = text
      return text
    end})
    rows[master] = row
    return row
  end})
end
otherwise(names.categories, unspecified)
otherwise(names.protocol_breeds, unrated)
local categories = old and otherwise(old.categories, unspecified) or names.categories
local breeds = old and otherwise(old.protocol_breeds, unrated) or names.protocol_breeds
local own_categories = old and old.protocol_categories -- of protocols whose category is not that of their category of today
local transports = otherwise(names.transports, tostring)
local detections = otherwise(names.detections, tostring)
local confidences = otherwise(names.confidences, function() return "Unknown" end)
local ends = otherwise(names.ends, tostring)
local tunnels = otherwise(names.tunnels, tostring)

if not host.jit then
  return host.native(short_labels, long_labels, categories, breeds, transports, detections, confidences, ends, tunnels, own_categories or {})
end

local ffi = require "ffi"
local band, floor, tonumber = bit.band, math.floor, tonumber
local str = ffi.string
local cx = ffi.cast("script_cursor *", host.cursor)
local facts = ffi.cast("void *", host.facts)
local n = ffi.cast("const double *", host.numbers)
local x = ffi.cast("const script_text *", host.texts)
local i = ffi.cast("const int32_t *", host.indexes)
local found = ffi.cast("const script_text *", host.found)
local fill = ffi.cast("int32_t (*)(void *, script_cursor *)", host.fill)
local write_mac = ffi.cast("void (*)(void *, double)", host.write_mac)
local find_url = ffi.cast("int32_t (*)(void *, script_cursor *)", host.find_url)
local kinds, kind_count = ffi.cast("const uint8_t *", host.kinds), host.kind_count
local http, dns, tls = host.kind.http, host.kind.dns, host.kind.tls

-- Lines that find of what kind the flow `f` is, by the protocol below, if there is one: what texts it has depends on that.
local kind_lines = [[local lower, kind = f.master_protocol, 0 if lower == 0 then lower = f.app_protocol end
  if lower < kind_count then kind = kinds[lower] end]]

-- Whole seconds: a division of 64 bits would be a call. What tonumber rounds up is put right.
local function seconds(ns)
  local whole = floor(tonumber(ns) / 1e9)
  if whole * 1000000000LL > ns then return whole - 1 end
  return whole
end

-- Texts of hardware addresses by their number; a network has few, and those that come when there are too many are made each time. What is
-- met first while a trace is recorded has to be compiled like the rest: else the trace, and all that call it, would end here.
local most_macs, known_macs, macs = 10000, 0, {}
local function learn_mac(number)
  write_mac(facts, number)
  local text = str(found.data, found.size)
  if known_macs < most_macs then macs[number], known_macs = text, known_macs + 1 end
  return text
end
local function mac(number) return macs[number] or learn_mac(number) end

local flow = {}

function flow.getNdpiCategory()
  if cx.live == 0 then return end
  return categories[cx.flow.category]
end
if old then
  function flow.getNdpiCategory()
    if cx.live == 0 then return end
    local f = cx.flow
    return own_categories[f.app_protocol] or categories[f.category]
  end
end

local short_rows = rows_of(short_labels)
function flow.getNdpiProto()
  if cx.live == 0 then return end
  local f = cx.flow
  return short_rows[f.master_protocol][f.app_protocol]
end

function flow.getNdpiProtoId()
  if cx.live == 0 then return end
  local f = cx.flow
  local app = f.app_protocol
  if app ~= 0 then return app end
  return f.master_protocol
end

function flow.getFirstSeen()
  if cx.live == 0 then return end
  return seconds(cx.flow.first_seen_ns)
end

function flow.getLastSeen()
  if cx.live == 0 then return end
  return seconds(cx.flow.last_seen_ns)
end

-- Texts stand in the block as they are, but for two.
kept.declare("http_url", "(find_url(facts, cx) == 2 and str(found.data, found.size) or nil)", "find_url, facts, cx, str, found", find_url, facts,
  cx, str, found)
for _, entry in ipairs(host.keys) do
  if entry.id == "server_certificate" then
    kept.declare(entry.id, ("str(x[%d].data, x[%d].size)"):format(entry.index, entry.index), "str, x", str, x) -- once `fill` has found it
  end
end
local function text_of(name)
  if name == "certificate" then return text_of "tls_sni" end
  if name ~= "http_url" and name ~= "server_certificate" then kept.declare_piece(name) end
  return name
end

flow.getServerName = kept.compile("=flow.getServerName", table.concat({
  "if cx.live == 0 then return end", kind_lines, kept.place, "local text",
  "if kind == tls then", kept.fetch("text", text_of "tls_sni"), "end",
  "if text == nil and kind ~= dns then", kept.fetch("text", text_of "server_name"), "end",
  "if text == nil then", kept.fetch_address("text", "server"), "end",
  "return text",
}, " "), "kinds, kind_count, tls, dns", kinds, kind_count, tls, dns)

--- A function that gives a text of HTTP flows, and something else for others.
function kept.http_text(name, otherwise, checks)
  return kept.compile("=flow." .. name, table.concat({
    checks or "", kind_lines, "if kind ~= http then return", otherwise, "end", kept.place, "local text", kept.fetch("text", text_of(name)), "return text",
  }, " "), "kinds, kind_count, http", kinds, kind_count, http)
end
flow.getHTTPUrl = kept.http_text("http_url", '""', "if cx.live == 0 then return end")
flow.getHTTPContentType = kept.http_text("http_content_type", '""', "if cx.live == 0 then return end")

-- flow.dump: a constructor for TCP, one for the rest and one for the rest without texts, whose table is half as large. What is not always
-- there, and booleans (a branch each when compiled), come last: side traces then repeat little.
local bits = host.bits
local out = {}
local function put(...) out[#out + 1] = string.format(...) end
local mac_numbers = {["cli.mac"] = host.part.client_mac_number, ["srv.mac"] = host.part.server_mac_number}
local function value(entry)
  return mac_numbers[entry.key] and ("mac(n[%d])"):format(mac_numbers[entry.key]) or ("n[%d]"):format(entry.index)
end
local conditional = {"icmp", "protos.http.server_name", "end.reason", "tunnel"}
for _, entry in ipairs(host.keys) do
  if entry.scope == "on_condition" then conditional[#conditional + 1] = entry.key end
end
local function constructor(tcp, whole)
  put("local client, server")
  put("%s", kept.fetch_address("client", "client"))
  put("%s", kept.fetch_address("server", "server"))
  put("t = {")
  for _, entry in ipairs(host.keys) do
    if entry.index == host.client_address and entry.kind == "text" then
      put("[%q] = client, [\"cli.host\"] = client,", entry.key)
    elseif entry.index == host.server_address and entry.kind == "text" then
      put("[%q] = server, [\"srv.host\"] = server,", entry.key)
    elseif entry.scope == "always" or (tcp and entry.scope == "tcp") then
      put("[%q] = %s,", entry.key, value(entry))
    end
  end
  for _, key in ipairs(whole and conditional or {}) do put("[%q] = false,", key) end -- a place
  for _, key in ipairs {"dump.disk", "cli.systemhost", "srv.systemhost", "flow.idle", "flow_goodput.low"} do put("[%q] = false,", key) end
  for _, key in ipairs {"cli.allowed_host", "srv.allowed_host"} do put("[%q] = true,", key) end
  for _, key in ipairs {"cli.source_id", "srv.source_id", "cli.pool_id", "srv.pool_id"} do put("[%q] = 0,", key) end
  if tcp then put('["tcp.seq_problems"] = false, ["tcp_established"] = false,') end
  put('["moreinfo.json"] = "{}",')
  put('["proto.l4"] = transports[i[%d]], ["proto.ndpi"] = labels[f.master_protocol][f.app_protocol], ["proto.ndpi_breed"] = breeds[i[%d]],',
    host.index.protocol, host.index.app)
  put('["detection"] = detections[i[%d]], ["detection.confidence"] = confidences[i[%d]],', host.index.detection, host.index.confidence)
  for _, side in ipairs {{"cli2srv", "client"}, {"srv2cli", "server"}} do
    put('["interarrival.%s"] = {min = n[%d], max = n[%d], avg = n[%d]},', side[1], host.part[side[2] .. "_gap_min"],
      host.part[side[2] .. "_gap_max"], host.part[side[2] .. "_gap_avg"])
  end
  put("}")
end
local by_key = {}
for _, entry in ipairs(host.keys) do by_key[entry.key] = entry end
local function set(key)
  local entry = by_key[key]
  if entry.kind == "text" then
    put("do local text %s t[%q] = text or '' end", kept.fetch("text", text_of(entry.id)), key) -- those of SSH may be empty
  else
    put("t[%q] = %s", key, value(entry))
  end
end
local function when(bit, ...)
  put("if band(known, %d) ~= 0 then", bits[bit])
  for _, key in ipairs {...} do set(key) end
  return function() put("end") end
end
put("if cx.live == 0 then return end")
put("local known, t = fill(facts, cx)")
put("if band(known, %d) ~= 0 then", bits.tcp)
constructor(true, true)
put("elseif band(known, %d) ~= 0 then", host.text_bits + bits.icmp + bits.tunnel)
constructor(false, true)
put("else")
constructor(false, false)
put("end")
put("if band(known, %d) ~= 0 then %s", host.text_bits, kept.place)
put("if band(known, %d) ~= 0 then local name %s", bits.server_name, kept.fetch("name", text_of "server_name"))
put('t["host_server_name"] = name t["protos.http.server_name"] = name end')
when("certificate", "protos.ssl.certificate")()
when("server_certificate", "protos.ssl.server_certificate")()
when("tls", "tls.version", "tls.cipher")()
when("tls_alpn", "tls.alpn")()
when("ja3_client", "ja3.client")()
when("ja3_server", "ja3.server")()
when("http", "protos.http.last_method", "protos.http.last_url", "protos.http.last_return_code")()
when("http_user_agent", "http.user_agent")()
when("http_content_type", "http.content_type")()
when("dns", "protos.dns.last_query", "dns.query_type", "dns.reply_code")()
when("ssh", "protos.ssh.client_signature", "protos.ssh.server_signature")()
when("hassh_client", "hassh.client")()
when("hassh_server", "hassh.server")()
when("bittorrent_hash", "bittorrent_hash")()
put("end")
put("if band(known, %d) ~= 0 then", host.rare_bits)
put("if band(known, %d) ~= 0 then t.icmp = {type = n[%d], code = n[%d]} end", bits.icmp, host.part.icmp_type, host.part.icmp_code)
put('if band(known, %d) ~= 0 then t["tunnel"] = tunnels[i[%d]] t["tunnel.id"] = %s end', bits.tunnel, host.index.tunnel,
  value(by_key["tunnel.id"]))
put('if band(known, %d) ~= 0 then t["end.reason"] = ends[i[%d]] end', bits.ended, host.index["end"])
put('if band(known, %d) ~= 0 then t["flow.idle"] = true end', bits.idle)
put('if band(known, %d) ~= 0 then t["tcp.seq_problems"] = true end', bits.seq_problems)
put("end")
put('if band(known, %d) ~= 0 then t["tcp_established"] = true end', bits.established)
put('if band(known, %d) ~= 0 then t["flow_goodput.low"] = true end', bits.low_goodput)
put("return t")
flow.dump = kept.compile("=flow.dump", table.concat(out, "\n"),
  "facts, n, i, fill, transports, labels, breeds, detections, confidences, ends, tunnels, mac",
  facts, n, i, fill, transports, rows_of(long_labels), breeds, detections, confidences, ends, tunnels, mac)

-- Now that the templates from which the tables are copied have a place for each key, the keys that come and go lose their values there.
local funck, found_templates = require("jit.util").funck, 0
for index = -1, -math.huge, -1 do
  local template = funck(flow.dump, index)
  if template == nil then break end
  if type(template) == "table" and template[conditional[1]] == false then
    for _, key in ipairs(conditional) do template[key] = nil end
    found_templates = found_templates + 1
  end
end
assert(found_templates == 2, "flow.dump: this LuaJIT compiles constructors another way")

kept.labels = rows_of(names.labels)
return flow
