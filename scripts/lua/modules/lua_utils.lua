-- Helpers that scripts of 2017 expect from `require "lua_utils"`: sizes, times, texts, addresses, flows, tables. Written anew after
-- what the originals gave; everything that needed a web session, a database or a resolver is left out.
-- As in 2017 the functions are globals, and the global `bit` becomes a function (`require "bit"` still gives the library).

local bits = require "bit"

dirs = ntop.getDirs()

TRACE_ERROR, TRACE_WARNING, TRACE_NORMAL, TRACE_INFO, TRACE_DEBUG = 0, 1, 2, 3, 6
TRACE_CONSOLE, TRACE_WEB = 0, 1

-- Numbers -----------------------------------------------------------------------------------------------------------------------------

---@param value number
---@param decimals? integer 0 if left out
---@return number
function round(value, decimals)
  local factor = 10 ^ (decimals or 0)
  return math.floor(value * factor + 0.5) / factor
end

--- A number without its fraction, as text.
function toint(value) return string.format("%.0f", math.floor(tonumber(value) or 0)) end
tolongint = toint

function isnumber(value) return tonumber(value) ~= nil end

--- 1234567 -> "1,234,567"
function formatValue(value)
  local text = tostring(value)
  local sign, digits, rest = text:match("^([-+]?)(%d+)(.*)$")
  if not digits then return text end
  digits = digits:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
  return sign .. digits .. rest
end

-- A value with the largest of the units that it fills, two decimals at most.
local function scaled(value, step, units)
  local k = 1
  while k < #units and value >= step do
    value, k = value / step, k + 1
  end
  return round(value, 2) .. " " .. units[k]
end

--- 1536 -> "1.5 KB"; powers of 1024; takes digits, too.
function bytesToSize(bytes)
  bytes = tonumber(bytes)
  if bytes == nil then return "0" end
  if bytes == 1 then return "1 Byte" end
  return scaled(bytes, 1024, {"Bytes", "KB", "MB", "GB", "TB"})
end

--- 1500 -> "1.5 kbit/s"; powers of 1000.
function bitsToSize(bits_per_s)
  return scaled(tonumber(bits_per_s) or 0, 1000, {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"})
end

--- 1500 -> "1.5 Kpps"
function pktsToSize(packets_per_s) return scaled(tonumber(packets_per_s) or 0, 1000, {"pps", "Kpps", "Mpps", "Gpps"}) end

local function counted(count, one, many)
  count = tonumber(count) or 0
  return formatValue(count) .. " " .. (count == 1 and one or many)
end
function formatPackets(count) return counted(count, "Pkt", "Pkts") end
function formatFlows(count) return counted(count, "Flow", "Flows") end

function bit(place) return 2 ^ (place - 1) end
function hasbit(value, flag) return bits.band(value, flag) ~= 0 end
function setbit(value, flag) return bits.bor(value, flag) end
function clearbit(value, flag) return bits.band(value, bits.bnot(flag)) end

function tmax(list)
  local best
  for _, value in pairs(list) do if best == nil or value > best then best = value end end
  return best
end
function tmin(list)
  local best
  for _, value in pairs(list) do if best == nil or value < best then best = value end end
  return best
end

-- Times -------------------------------------------------------------------------------------------------------------------------------

function formatEpoch(seconds)
  seconds = tonumber(seconds)
  if not seconds or seconds == 0 then return "" end
  return os.date("%d/%m/%Y %X", seconds)
end

--- 3661 -> "1 h, 1 min, 1 sec"; "" for what is not a number.
function secondsToTime(seconds)
  if type(seconds) ~= "number" then return "" end
  if seconds == 0 then return "0 sec" end
  if seconds < 1 then return "< 1 sec" end
  local rest, parts = math.floor(seconds), {}
  local days, hours, minutes = math.floor(rest / 86400), math.floor(rest / 3600) % 24, math.floor(rest / 60) % 60
  if days > 0 then parts[#parts + 1] = days .. (days == 1 and " day" or " days") end
  if hours > 0 then parts[#parts + 1] = hours .. " h" end
  if minutes > 0 then parts[#parts + 1] = minutes .. " min" end
  if rest % 60 > 0 then parts[#parts + 1] = rest % 60 .. " sec" end
  return table.concat(parts, ", ")
end

--- 12.34567 -> "12.3457 ms", 1500 -> "1 sec"
function msToTime(ms)
  if ms < 1 then return "< 1 ms" end
  if ms < 1000 then return round(ms, 4) .. " ms" end
  return secondsToTime(math.floor(ms / 1000))
end

-- Texts -------------------------------------------------------------------------------------------------------------------------------

function isEmptyString(text) return text == nil or text == "" end
function starts(text, head) return text:sub(1, #head) == head end
function ends(text, tail) return tail == "" or text:sub(-#tail) == tail end
--- In effect equality: so it was.
function startswith(text, other) return text == other end

function string.starts(text, head) return type(text) == "string" and type(head) == "string" and text:sub(1, #head) == head end
function string.ends(text, tail) return type(text) == "string" and type(tail) == "string" and (tail == "" or text:sub(-#tail) == tail) end
--- `part` is a pattern.
function string.contains(text, part) return type(text) == "string" and type(part) == "string" and text:find(part) ~= nil end

--- Fields between delimiters, empty ones kept. The delimiter is a pattern.
function split(text, delimiter)
  local fields, from = {}, 1
  while true do
    local first, last = text:find(delimiter, from)
    if not first or last < first then break end
    fields[#fields + 1] = text:sub(from, first - 1)
    from = last + 1
  end
  fields[#fields + 1] = text:sub(from)
  return fields
end

--- As `split`; nil if the separator does not occur.
function string.split(text, separator)
  local fields = split(text, separator)
  return #fields > 1 and fields or nil
end

--- The set of fields: field -> true.
function strsplit(text, delimiter)
  local set = {}
  for _, field in ipairs(split(text, delimiter)) do set[field] = true end
  return set
end

function trimSpace(text) return (text:gsub("^%s+", ""):gsub("%s+$", "")) end
function capitalize(text) return (text:gsub("^%l", string.upper)) end
function firstToUpper(text) return (text:gsub("^%l", string.upper)) end
--- At most 24 characters, then "...".
function shortenString(text, longest)
  longest = longest or 24
  return #text < longest and text or text:sub(1, longest) .. "..."
end
function abbreviateString(text, longest) return #text <= longest and text or text:sub(1, longest) .. "..." end
function noHtml(text) return (text:gsub("%b<>", ""):gsub('"', ""):gsub("'", "")) end
function toboolean(value)
  if value == true or value == "true" or value == "1" or value == 1 then return true end
  if value == false or value == "false" or value == "0" or value == 0 then return false end
  return nil
end
function ternary(condition, yes, no) if condition then return yes end return no end

--- A table as JSON, crude: see `require "json"` for better.
function jsonencode(value) return require("json").encode(value) end

-- Hosts -------------------------------------------------------------------------------------------------------------------------------

function isMacAddress(text) return type(text) == "string" and text:match("^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$") ~= nil end
function isIPv4(text)
  if type(text) ~= "string" then return false end
  local a, b, c, d = text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
  return a ~= nil and tonumber(a) < 256 and tonumber(b) < 256 and tonumber(c) < 256 and tonumber(d) < 256
end
function isIPv6(text) return type(text) == "string" and not isMacAddress(text) and text:find(":", 1, true) ~= nil and text:find("^[%x:%.]+$") ~= nil end
isIPv6Address = isIPv6
function isBroadcastMulticast(address)
  if address == "0.0.0.0" or address == "255.255.255.255" then return true end
  local first, last = tostring(address):match("^(%d+)%.%d+%.%d+%.(%d+)$")
  return first ~= nil and ((tonumber(first) >= 224 and tonumber(first) <= 239) or last == "255")
end
function isBroadMulticast(address) return isBroadcastMulticast(address) end

local ours
--- Whether the address is in one of the local networks of the settings.
---@param address string
---@return boolean
function isLocal(address)
  if not ours then
    ours = prefix_set()
    for network in pairs(ntop.getLocalNetworks()) do ours:add(network) end
  end
  return ours:match(address) ~= nil
end
function isSpecialMac(mac)
  mac = tostring(mac):upper()
  return mac == "00:00:00:00:00:00" or mac == "FF:FF:FF:FF:FF:FF" or mac:find("^01:00:5E") ~= nil or mac:find("^33:33:") ~= nil
    or mac:find("^01:80:C2") ~= nil
end
function get_manufacturer_mac(mac) return tostring(mac):sub(1, 8) end
function intToIPv4(number)
  return ("%d.%d.%d.%d"):format(math.floor(number / 16777216) % 256, math.floor(number / 65536) % 256, math.floor(number / 256) % 256, number % 256)
end
--- Names of 24 and more characters are cut; addresses are not.
function shortHostName(name)
  if isIPv4(name) or isIPv6(name) or isMacAddress(name) or #name < 24 then return name end
  return name:sub(1, 24) .. "..."
end
function stripVlan(host) return (tostring(host):gsub("@%d+$", "")) end
--- "10.0.0.1@7" -> {host = "10.0.0.1", vlan = 7}
function hostkey2hostinfo(key)
  local host, vlan = tostring(key):match("^(.-)@(%d+)$")
  return {host = host or key, vlan = tonumber(vlan) or 0}
end
--- The client ("cli") or server ("srv") of flow.dump(), or a table with host and vlan, as "ip" or "ip@vlan".
function hostinfo2hostkey(info, side)
  local host = side == "cli" and info["cli.ip"] or side == "srv" and info["srv.ip"] or info.host or info.ip or info.name or info.mac
  local vlan = tonumber(info.vlan) or 0
  return vlan ~= 0 and host .. "@" .. vlan or host
end
-- Nothing is resolved here: a host's name is its address.
function resolveAddress(info) return hostinfo2hostkey(info) end
function getResolvedAddress(info) return hostinfo2hostkey(info) end
function host2name(name) return name end
function flowinfo2hostname(info, side, vlan)
  local name = info[side .. ".host"]
  if isEmptyString(name) then name = info[side .. ".ip"] end
  if vlan ~= nil and tonumber(vlan) and tonumber(vlan) ~= 0 then name = name .. "@" .. vlan end
  return name
end

-- Flows -------------------------------------------------------------------------------------------------------------------------------

l4_keys = {{"TCP", "tcp", 6}, {"UDP", "udp", 17}, {"ICMP", "icmp", 1}, {"ICMPv6", "icmpv6", 58}, {"IGMP", "igmp", 2},
  {"GRE", "gre", 47}, {"ESP", "esp", 50}, {"AH", "ah", 51}, {"OSPF", "ospf", 89}, {"Other IP", "other_ip", -1}}

function l4Label(key)
  for _, entry in ipairs(l4_keys) do if entry[2] == key or entry[3] == key then return entry[1] end end
  return ""
end

local statuses = {[0] = "Normal", "Slow TCP Connection", "Slow Application Header", "Slow Data Exchange", "Low Goodput",
  "Suspicious TCP SYN Probing", "TCP Connection Issues", "Suspicious TCP Probing", "Flow emitted during alerted interface",
  "TCP connection refused", "SSL Certificate Mismatch"}
function getFlowStatus(status)
  status = tonumber(status)
  local text = statuses[status] or "Unknown status (" .. tostring(status) .. ")"
  return status == 0 and text or "<font color=orange>" .. text .. "</font>"
end

--- The OR of TCP flags as a table name -> 0 or 1.
function TCPFlags2table(flags)
  local set = {}
  for name, flag in pairs {FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32} do set[name] = hasbit(flags, flag) and 1 or 0 end
  return set
end

--- "TLS.Google" -> "TLS", "Google"; "DNS" -> "DNS"
function splitProtocol(label)
  local master, app = label:match("^([^.]+)%.(.+)$")
  if master then return master, app end
  return label
end

function getservbyport(port, protocol) return ntop.getservbyport(tonumber(port), (protocol or "tcp"):lower()) end

local icmp_types = {[0] = "Echo Reply", [3] = "Destination Unreachable", [4] = "Source Quench", [5] = "Redirect", [8] = "Echo Request",
  [9] = "Router Advertisement", [10] = "Router Selection", [11] = "Time Exceeded", [12] = "Parameter Problem", [13] = "Timestamp Request",
  [14] = "Timestamp Reply", [15] = "Information Request", [16] = "Information Reply", [17] = "Address Mask Request", [18] = "Address Mask Reply"}
local icmp6_types = {[1] = "Destination Unreachable", [2] = "Packet Too Big", [3] = "Time Exceeded", [4] = "Parameter Problem",
  [128] = "Echo Request", [129] = "Echo Reply", [130] = "Multicast Listener Query", [131] = "Multicast Listener Report",
  [132] = "Multicast Listener Done", [133] = "Router Solicitation", [134] = "Router Advertisement", [135] = "Neighbor Solicitation",
  [136] = "Neighbor Advertisement", [137] = "Redirect"}
local function icmp_label(names, icmp)
  local name = names[icmp.type]
  return name or ("%d/%d"):format(icmp.type, icmp.code)
end
function getICMPTypeCode(icmp) return icmp_label(icmp_types, icmp) end
function getICMPV6TypeCode(icmp) return icmp_label(icmp6_types, icmp) end
function getApplicationLabel(name) return shortenString(name, 15) end
function formatBreed(breed) return breed end

-- Tables and traces -------------------------------------------------------------------------------------------------------------------

function table.len(list)
  local count = 0
  for _ in pairs(list) do count = count + 1 end
  return count
end
function table.empty(list) return next(list) == nil end
function table.slice(list, first, last, step)
  local part = {}
  for k = first or 1, last or #list, step or 1 do part[#part + 1] = list[k] end
  return part
end
--- The second table's entries win.
function table.merge(a, b)
  local made = {}
  for key, value in pairs(a or {}) do made[key] = value end
  for key, value in pairs(b or {}) do made[key] = value end
  return made
end
--- A copy, tables inside copied too.
function table.clone(value)
  if type(value) ~= "table" then return value end
  local made = {}
  for key, inner in pairs(value) do made[table.clone(key)] = table.clone(inner) end
  return setmetatable(made, getmetatable(value))
end
--- Keys and values as text: {a=1}
function table.tconcat(list, between_key_and_value, between_entries)
  local parts = {}
  for key, value in pairsByKeys(list) do parts[#parts + 1] = tostring(key) .. (between_key_and_value or "=") .. tostring(value) end
  return table.concat(parts, between_entries or ",")
end

function asc(a, b) return a < b end
function rev(a, b) return a > b end

local function in_order(list, keys)
  local k = 0
  return function()
    k = k + 1
    if keys[k] ~= nil then return keys[k], list[keys[k]] end
  end
end
--- Iterates over a table in the order of its keys; `before` compares two keys.
function pairsByKeys(list, before)
  local keys = {}
  for key in pairs(list) do keys[#keys + 1] = key end
  table.sort(keys, before)
  return in_order(list, keys)
end
--- Iterates over a table in the order of its values; `before` compares two values.
function pairsByValues(list, before)
  local keys = {}
  before = before or asc
  for key in pairs(list) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return before(list[a], list[b]) end)
  return in_order(list, keys)
end

function isin(value, list)
  for _, candidate in pairs(list) do if candidate == value then return true end end
  return false
end
function hasKey(key, list) return list[key] ~= nil end

--- Writes a value, tables with all that is in them.
function tprint(value, indent)
  indent = indent or 0
  if type(value) ~= "table" then
    io.write(tostring(value), "\n")
    return
  end
  for key, inner in pairs(value) do
    io.write((" "):rep(indent), tostring(key), type(inner) == "table" and ": " or " ")
    if type(inner) == "table" then
      io.write("\n")
      tprint(inner, indent + 2)
    else
      io.write(type(inner), ": ", tostring(inner), "\n")
    end
  end
end

function __FILE__() return debug.getinfo(2, "S").source end
function __LINE__() return debug.getinfo(2, "l").currentline end

local levels = {[0] = "ERROR", "WARNING", "NORMAL", "INFO", [6] = "DEBUG"}
--- A line in the log.
function traceError(level, _, message)
  if level == TRACE_ERROR then ntop.syslog(true, tostring(message)) else print((levels[level] or "TRACE") .. ": " .. tostring(message)) end
end

-- What needs a web session, a database or translations -----------------------------------------------------------------------------

-- They do nothing, and say so once.
for _, name in ipairs {"getRedisPrefix", "i18n", "isAdministrator", "sendHTTPContentTypeHeader", "sendHTTPHeader", "tablePreferences"} do
  local told = false
  _G[name] = function()
    if told then return end
    told = true
    log.warning("lua_utils: " .. name .. " is not offered; calls to it do nothing")
  end
end
