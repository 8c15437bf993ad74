-- Makes the argument `flow` of callbacks: an object for each call, with fields by name. It holds the number of its event, which every
-- access compares with the call at hand; what it reads is the cursor's flow, so that a kept one can reach nothing else.
local host, methods, kept = ...
local names = host.names
local error, type, tostring, setmetatable, getinfo = error, type, tostring, setmetatable, debug.getinfo
local most_flows = 100000 -- with data, of a script (docs/sandbox.md)

names.tcp_states = host.tcp_states
local getters, live, place, turn, copy

local function lua_text(text) return (text:gsub("f%.end", 'f["end"]')) end

-- The value of a field as a Lua expression, and what must hold for it besides `known`.
local function expression(field)
  local kind, read = field.kind, lua_text(field.read)
  if kind == "number" then return ("tonumber(%s)"):format(read) end
  if kind == "seconds" then return ("tonumber(%s) / 1e9"):format(read) end
  if kind == "milliseconds" then return ("tonumber(%s) / 1e3"):format(read) end
  if kind == "boolean" then return ("(%s) ~= 0"):format(read) end
  if kind == "text" then
    return ("str(cast(chars, block) + block.%s.offset, block.%s.length)"):format(read, read), ("block.%s.length ~= 0"):format(read)
  end
  if kind == "found" then return "str(found.data, found.size)", ("finders.%s(facts, cx) == 2"):format(read) end
  if kind == "address" then return ("str(f.%s_text, f.%s_text_length)"):format(read, read) end
  if kind == "label" then return "labels[f.master_protocol][f.app_protocol]" end
  if kind == "risks" then return "risk_names(f.risk)" end
  if kind == "protocols" then return ("labels[0][%s]"):format(read) end
  return ("%s[%s]"):format(kind, read)
end

local function condition(field)
  local _, more = expression(field)
  local known = field.known ~= "true" and lua_text(field.known) or nil
  if known and more then return known .. " and " .. more end
  return known or more
end

local function compiled()
  local ffi = require "ffi"
  local finders = {}
  for name, address in pairs(host.finders) do finders[name] = ffi.cast("int32_t (*)(void *, script_cursor *)", address) end
  local cx = ffi.cast("script_cursor *", host.cursor)
  local cast, rshift, band = ffi.cast, bit.rshift, bit.band
  local function risk_names(risks)
    local list, count = {}, 0
    if risks == 0 then return list end
    for number = 0, 63 do
      if band(rshift(risks, number), 1) ~= 0 then
        count = count + 1
        list[count] = names.risks[number] or tostring(number)
      end
    end
    return list
  end
  local prelude = "local cx, str, cast, chars, found, finders, facts, names, labels, risk_names, write_addresses, heads, no_text, tobit = ... "
    .. "local protocol_breeds, categories, confidences = names.protocol_breeds, names.categories, names.confidences "
    .. "local transports, ends, tunnels, tcp_states = names.transports, names.ends, names.tunnels, names.tcp_states "
  local function make(text, name)
    return assert(loadstring(prelude .. text, name))(cx, ffi.string, cast, ffi.typeof("const char *"),
      cast("const script_text *", host.found), finders, cast("void *", host.facts), names, kept.labels, risk_names,
      cast("void (*)(script_cursor *)", host.write_addresses), kept.heads, kept.no_text, bit.tobit)
  end
  local function kept_text(field)
    local name = "=flow." .. field.name
    if field.kind == "address" then
      return kept.compile(name, ("local text %s return text"):format(kept.fetch_address("text", field.read)))
    end
    if field.read == "find_http_path" then return kept.http_text("http_url", "nil") end
    if field.read == "find_http_host" then return kept.http_text("server_name", "nil") end
    if field.kind ~= "text" then return nil end
    kept.declare_piece(field.read)
    return kept.compile(name, ("%s local text %s return text"):format(kept.place, kept.fetch("text", field.read)))
  end
  getters = {}
  for _, field in ipairs(host.fields) do
    local value, needed = expression(field), condition(field)
    local guard = needed and ("if not (%s) then return nil end"):format(needed) or ""
    getters[field.name] = kept_text(field)
      or make(("return function() local f = cx.flow %s return %s end"):format(guard, value), "=flow." .. field.name)
  end
  -- All fields at once: those that are always there in a constructor, the others after it.
  local constructor, later = {}, {}
  for _, field in ipairs(host.fields) do
    local value, needed = expression(field), condition(field)
    constructor[#constructor + 1] = ("%s = %s,"):format(field.name, needed and "nil" or value)
    if needed then later[#later + 1] = ("if %s then t.%s = %s end"):format(needed, field.name, value) end
  end
  copy = make(("return function() local f = cx.flow write_addresses(cx) %s local t = {%s} %s return t end"):format(kept.block,
    table.concat(constructor, " "), table.concat(later, " ")), "=flow.copy")
  live = function() return cx.live end
  place = function()
    local f = cx.flow
    return f.slot, tonumber(f.id), tonumber(f.first_seen_ns)
  end
  turn = function() return cx.turn + cx.place end
end

local function interpreted()
  getters, live, place, turn = host.native_fields(names)
  copy = function()
    local made = {}
    for name, get in next, getters do made[name] = get() end
    return made
  end
end

if host.jit then compiled() else interpreted() end
local getters, live, turn = getters, live, turn -- never set again: the compiler takes them for constants

local fields_of = {} -- what suggestions are taken from
for name in next, getters do fields_of[name] = true end
for name in next, methods do fields_of[name] = true end
fields_of.copy, fields_of.data = true, true

local gone = "flow is valid during its callback only; keep what flow.copy() gives, or the fields that you need"

local function copy_checked(flow)
  if live() == 0 or (flow ~= nil and flow[1] ~= turn()) then error(gone, 2) end
  return copy()
end

-- A table for each flow of a script. Slots are used again: the id tells whose the table is.
local function data_of_script()
  local tables, owners, starts, count = {}, {}, {}, 0
  local function get()
    local slot, id, start = place()
    local kept = tables[slot]
    if kept and owners[slot] == id and starts[slot] == start then return kept end
    if not kept then
      if count >= most_flows then return nil end
      if count == 0 then host.note_data() end
      count = count + 1
    end
    kept = {}
    tables[slot], owners[slot], starts[slot] = kept, id, start
    return kept
  end
  local function drop()
    local slot, id = place()
    if not tables[slot] or owners[slot] ~= id then return end
    tables[slot], owners[slot], starts[slot] = nil, nil, nil
    count = count - 1
  end
  return get, drop
end

local droppers = {}

--- Makes the function that turns a script's callback into one without parameters that hands `flow` over.
local function make_wrapper()
  local get_data, drop = data_of_script()
  droppers[#droppers + 1] = drop
  local meta = {__metatable = false}
  function meta.__index(flow, name)
    local get = getters[name]
    if get then
      if flow[1] ~= turn() or live() == 0 then error(gone, 2) end
      return get()
    end
    if type(name) ~= "string" then return nil end
    if not fields_of[name] then error(("flow has no field '%s'%s"):format(name:sub(1, 64), host.nearest(name, fields_of)), 2) end
    if flow[1] ~= turn() or live() == 0 then error(gone, 2) end
    if name == "data" then
      return get_data() or error(("flow.data: %d flows have data, and no more are allowed"):format(most_flows), 2)
    end
    return name == "copy" and copy_checked or methods[name]
  end
  function meta.__newindex(_, name)
    error(("flow.%s can't be set; what you note about a flow goes into flow.data"):format(tostring(name):sub(1, 64)), 2)
  end
  function meta.__tostring(flow)
    if flow[1] ~= turn() or live() == 0 then return "flow (gone)" end
    return ("flow %d"):format(getters.id())
  end
  -- Each callback gets a function compiled for itself, so that it has traces of its own. One that takes nothing, as all of 2017, needs none.
  return function(callback)
    local taken = getinfo(callback, "u")
    if taken.nparams == 0 and not taken.isvararg then return callback end
    return assert(loadstring([[local callback, turn, meta, setmetatable = ...
      return function() return callback(setmetatable({turn()}, meta)) end]], "=flow"))(callback, turn, meta, setmetatable)
  end
end

--- Drops what scripts noted about the cursor's flow.
local function drop_data()
  for k = 1, #droppers do droppers[k]() end
end

host.set_dropper(drop_data)

return {make_wrapper = make_wrapper, known = fields_of, copy = copy}
