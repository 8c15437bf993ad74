-- The tables `ntop` and `interface` of 2017, as far as they make sense without a database, a web interface and hosts.
local host = ...
local names = host.names
local shown = host.names_2017 or names -- as scripts of this API know protocols and categories
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
for _, name in ipairs {"getservbyport", "inet_ntoa", "send_udp_data"} do ntop[name] = host[name] end

-- To scripts that are not trusted, what is outside of the installation looks as if it were not there.
local told = false
local function inside(path, name)
  local top = host.dirs.installdir
  if host.trusted or type(path) ~= "string" or path == top then return true end
  if top ~= "/" then top = top .. "/" end
  if path:sub(1, #top) == top and not (path .. "/"):find("/../", 1, true) then return true end
  if not told then
    told = true
    host.log(2, "", ("ntop.%s: scripts that are not trusted see the folder %s only"):format(name, host.dirs.installdir))
  end
  return false
end
for _, name in ipairs {"isdir", "exists", "notEmptyFile", "fileLastChange", "readdir"} do
  local work = host[name]
  ntop[name] = function(path)
    path = text_or_number(path, 1, name)
    return work(inside(path, name) and path or "")
  end
end
local folders_left = 100 -- that scripts of this VM may make
function ntop.mkdir(path)
  path = text_or_number(path, 1, "mkdir")
  if not inside(path, "mkdir") or folders_left == 0 then return false end
  local made = host.mkdir(path)
  if made then folders_left = folders_left - 1 end
  return made
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
  message = text_or_number(message, 2, "syslog")
  host.log(is_error and is_error ~= 0 and 3 or 1, "", message)
  host.said(#message)
end

-- Names -------------------------------------------------------------------------------------------------------------------------------
function ntop.getResolvedName(address) return address end -- nothing is resolved: that would block the capture
function ntop.getNetworkNameById(id) return names.local_networks[tonumber(id)] or "" end
function ntop.getLocalNetworks()
  local made = {}
  for _, network in pairs(names.local_networks) do made[network] = "" end
  return made
end

-- Of numbers that share a name, the least.
local function ids_of(list)
  local ids = {}
  for id, name in pairs(list) do
    if not ids[name] or id < tonumber(ids[name]) then ids[name] = tostring(id) end
  end
  return ids
end
local by_name = ids_of(shown.protocols)
function interface.getnDPIProtoName(id) return shown.protocols[tonumber(id)] or "Unknown" end
function interface.getnDPIProtoId(name) return tonumber(by_name[name]) or -1 end
function interface.getnDPIProtoBreed(id) return shown.protocol_breeds[tonumber(id)] or "Unrated" end
function interface.getnDPIProtocols() return ids_of(shown.protocols) end
function interface.getnDPICategories() return ids_of(shown.all_categories or shown.categories) end
function interface.select() end
function interface.isPacketInterface() return true end
function interface.isRunning() return true end
function interface.isIdle() return false end

-- The cache: redis then, a value_store now, which outlives the VM. ----------------------------------------------------------------------
for name, work in pairs(host.cache) do ntop[name] = work end
ntop.getPref, ntop.setPref = ntop.getCache, ntop.setCache

return {ntop = ntop, interface = interface}
