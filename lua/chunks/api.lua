-- The tables `ntop` and `interface` of 2017, as far as they make sense without a database, a web interface and hosts.
local host = ...
local names = host.names
local ntop, interface = {}, {}

local function text_or_number(value, position, name)
  if type(value) ~= "string" and type(value) ~= "number" then
    error(("bad argument #%d to '%s' (string expected, got %s)"):format(position, name, value == nil and "nil" or type(value)), 3)
  end
  return tostring(value)
end

-- Files and the machine ---------------------------------------------------------------------------------------------------------------
function ntop.getDirs()
  local dirs = {}
  for key, value in pairs(host.dirs) do dirs[key] = value end
  return dirs
end
for _, name in ipairs {"isdir", "exists", "notEmptyFile", "fileLastChange", "readdir", "mkdir", "getservbyport", "inet_ntoa", "send_udp_data"} do
  ntop[name] = host[name]
end
ntop.gettimemsec, ntop.getUptime = host.time, host.uptime
function ntop.getInfo()
  return {product = "flowactors", version = host.version, uptime = host.uptime(), pid = host.pid, platform = jit.arch, OS = jit.os,
    ["version.luajit"] = jit.version}
end
function ntop.isPro() return false end
function ntop.isEnterprise() return false end
function ntop.isWindows() return false end
function ntop.hasGeoIP() return false end
function ntop.hasVLANs() return false end
function ntop.verboseTrace() return false end
function ntop.getSiteCategories() return {} end
function ntop.syslog(is_error, message)
  host.log(is_error and is_error ~= 0 and 3 or 1, "", text_or_number(message, 2, "syslog"))
end

-- Names -------------------------------------------------------------------------------------------------------------------------------
function ntop.getResolvedName(address) return address end -- nothing is resolved: that would block the capture
function ntop.getNetworkNameById(id) return names.local_networks[tonumber(id)] or "" end
function ntop.getLocalNetworks()
  local made = {}
  for _, network in pairs(names.local_networks) do made[network] = "" end
  return made
end

local function ids_of(list)
  local ids = {}
  for id, name in pairs(list) do ids[name] = tostring(id) end
  return ids
end
local by_name = ids_of(names.protocols)
function interface.getnDPIProtoName(id) return names.protocols[tonumber(id)] or "Unknown" end
function interface.getnDPIProtoId(name) return tonumber(by_name[name]) or -1 end
function interface.getnDPIProtoBreed(id) return names.protocol_breeds[tonumber(id)] or "Unrated" end
function interface.getnDPIProtocols() return ids_of(names.protocols) end
function interface.getnDPICategories() return ids_of(names.categories) end
function interface.select() end
function interface.isPacketInterface() return true end
function interface.isRunning() return true end
function interface.isIdle() return false end

-- The cache: redis then, the memory of this VM now. Lost with a reload; bounded. Expiry goes by the clock. --------------------------------
local most_entries, most_bytes = 100000, 64 * 1024 * 1024
local values, expiry, entries, bytes, full = {}, {}, 0, 0, false

local function size_of(value) return type(value) == "string" and #value or 0 end
local function forget(key)
  local kept = values[key]
  if kept == nil then return end
  values[key], expiry[key] = nil, nil
  if type(kept) == "table" then entries, bytes = entries - kept.count, bytes - kept.bytes end
  entries, bytes = entries - 1, bytes - #key - size_of(kept)
end
local function room(count, size)
  if entries + count <= most_entries and bytes + size <= most_bytes then return true end
  if not full then
    full = true
    host.log(2, "", ("the scripts' cache is full (%d entries, %d MiB at most): what is stored from now on is lost"):format(most_entries,
      most_bytes / 1048576))
  end
  return false
end
local function look(key)
  local until_when = expiry[key]
  if until_when and host.time() >= until_when then forget(key) end
  return values[key]
end
local function put(key, value)
  forget(key)
  if not room(1, #key + #value) then return false end
  values[key], entries, bytes = value, entries + 1, bytes + #key + #value
  return true
end
-- A hash, list or set under a key; `make` = it is made if there is none.
local function collection(key, kind, make)
  local kept = look(key)
  if kept and type(kept) == "table" and kept.kind == kind then return kept end
  if not make or not room(1, #key) then return nil end
  forget(key)
  kept = {kind = kind, items = {}, count = 0, bytes = 0, first = 1, last = 0}
  values[key], entries, bytes = kept, entries + 1, bytes + #key
  return kept
end
local function account(kept, count, size)
  kept.count, kept.bytes = kept.count + count, kept.bytes + size
  entries, bytes = entries + count, bytes + size
end

function ntop.getCache(key)
  local kept = look(text_or_number(key, 1, "getCache"))
  return type(kept) == "string" and kept or ""
end
function ntop.setCache(key, value, seconds)
  key, value = text_or_number(key, 1, "setCache"), text_or_number(value, 2, "setCache")
  if put(key, value) and tonumber(seconds) and tonumber(seconds) > 0 then expiry[key] = host.time() + tonumber(seconds) end
  return value
end
function ntop.delCache(key) forget(text_or_number(key, 1, "delCache")) end
ntop.getPref, ntop.setPref = ntop.getCache, ntop.setCache

local function unset(kept, field)
  local old = kept.items[field]
  if old ~= nil then
    kept.items[field] = nil
    account(kept, -1, -(#field + size_of(old)))
  end
end
local function set(kept, field, value)
  unset(kept, field)
  local size = #field + size_of(value)
  if room(1, size) then
    kept.items[field] = value
    account(kept, 1, size)
  end
end
function ntop.getHashCache(key, field)
  local kept = collection(text_or_number(key, 1, "getHashCache"), "hash")
  return kept and kept.items[text_or_number(field, 2, "getHashCache")] or ""
end
function ntop.setHashCache(key, field, value)
  local kept = collection(text_or_number(key, 1, "setHashCache"), "hash", true)
  if kept then set(kept, text_or_number(field, 2, "setHashCache"), text_or_number(value, 3, "setHashCache")) end
  return value
end
function ntop.delHashCache(key, field)
  local kept = collection(text_or_number(key, 1, "delHashCache"), "hash")
  if kept then unset(kept, text_or_number(field, 2, "delHashCache")) end
end
function ntop.getHashKeysCache(key)
  local kept, made = collection(text_or_number(key, 1, "getHashKeysCache"), "hash"), {}
  if not kept then return nil end
  for field in pairs(kept.items) do made[field] = "" end
  return made
end
function ntop.getHashAllCache(key)
  local kept, made = collection(text_or_number(key, 1, "getHashAllCache"), "hash"), {}
  if not kept then return nil end
  for field, value in pairs(kept.items) do made[field] = value end
  return made
end

function ntop.setMembersCache(key, member)
  local kept = collection(text_or_number(key, 1, "setMembersCache"), "set", true)
  if kept then set(kept, text_or_number(member, 2, "setMembersCache"), true) end
end
function ntop.delMembersCache(key, member)
  local kept = collection(text_or_number(key, 1, "delMembersCache"), "set")
  if kept then unset(kept, text_or_number(member, 2, "delMembersCache")) end
end
function ntop.getMembersCache(key)
  local kept, made = collection(text_or_number(key, 1, "getMembersCache"), "set"), {}
  if not kept then return nil end
  for member in pairs(kept.items) do made[#made + 1] = member end
  table.sort(made)
  return made
end

-- A list has its head at `first`. Pushed at the head, popped from the tail; trimmed to `longest` items if that is given.
local function pop(kept, place)
  local value = kept.items[place]
  kept.items[place] = nil
  account(kept, -1, -#value)
  return value
end
function ntop.lpushCache(key, value, longest)
  value = text_or_number(value, 2, "lpushCache")
  local kept = collection(text_or_number(key, 1, "lpushCache"), "list", true)
  if not kept or not room(1, #value) then return value end
  kept.first = kept.first - 1
  kept.items[kept.first] = value
  account(kept, 1, #value)
  while tonumber(longest) and kept.count > tonumber(longest) do
    pop(kept, kept.last)
    kept.last = kept.last - 1
  end
  return value
end
function ntop.lpopCache(key)
  local kept = collection(text_or_number(key, 1, "lpopCache"), "list")
  if not kept or kept.count == 0 then return nil end
  kept.first = kept.first + 1
  return pop(kept, kept.first - 1)
end
function ntop.lrangeCache(key, from, to)
  local kept = collection(text_or_number(key, 1, "lrangeCache"), "list")
  if not kept or kept.count == 0 then return nil end
  from, to = tonumber(from) or 0, tonumber(to) or -1
  if from < 0 then from = kept.count + from end
  if to < 0 then to = kept.count + to end
  local made = {}
  for place = kept.first + from, math.min(kept.last, kept.first + to) do made[#made + 1] = kept.items[place] end
  return made
end
function ntop.getKeysCache(pattern)
  local like = text_or_number(pattern, 1, "getKeysCache"):gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".")
  local made, found = {}, false
  for key in pairs(values) do
    if key:find("^" .. like .. "$") then made[key], found = "", true end
  end
  return found and made or nil
end

return {ntop = ntop, interface = interface}
