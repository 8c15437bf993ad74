-- Keeps texts of flows from one event to the next: to make one takes longer than the rest of an accessor. Kept are those of the flows in
-- the first places of the table, so that where few flows live at a time each text is made once, and where many do nothing is lost.
local host = ...
local ffi = require "ffi"
local new_table = require "table.new"
local cast, tobit, band, bor, bxor = ffi.cast, bit.tobit, bit.band, bit.bor, bit.bxor
local cx = ffi.cast("script_cursor *", host.cursor)
local most_flows, most_columns, longest = 4096, 64, 128

-- Whose texts are kept in a place: what tells a flow and its text from others, and a bit for each text that is there.
ffi.cdef [[typedef struct script_kept { uint64_t place, start, protocols; int32_t stamp; int32_t made[2]; } script_kept;]]
local anchor = ffi.new("script_kept[?]", most_flows)
local owners = cast("script_kept *", anchor) -- a pointer, since the compiler takes only small values for constants
local words, heads = ffi.typeof("const uint64_t *"), ffi.typeof("const flow_text *")
local no_text = ffi.new("flow_text", {stamp = -1})

local function word(member)
  local offset = ffi.offsetof("flow_record", member)
  assert(offset % 8 == 0)
  return offset / 8
end
-- Slot and generation, the first packet's time, and all of the protocol.
local differs = ("bor(bxor(e.place, w[%d]), bxor(e.start, w[%d]), bxor(e.protocols, w[%d])) ~= 0 or e.stamp ~= block.stamp"):format(
  word("slot"), word("first_seen_ns"), word("master_protocol"))

local kept = {}

--- A flow's text block, or an empty one.
function kept.block_of(f)
  if tobit(f.text) == 0 or cx.text_arena == nil then return cast(heads, no_text) end
  return cast(heads, cx.text_arena + f.text * 16ULL)
end

local write_addresses = cast("void (*)(script_cursor *)", host.write_addresses)
local address_of = {}
for _, side in ipairs {"client", "server"} do
  address_of[side] = assert(loadstring(([[local cx, str, write_addresses = ...
    return function()
      local f = cx.flow
      if f.$_text_length == 0 then write_addresses(cx) end
      return str(f.$_text, f.$_text_length)
    end]]):gsub("%$", side), "=flow"))(cx, ffi.string, write_addresses)
end

-- It holds the owners too, which nothing else does.
local function new_column() return anchor and new_table(most_flows, 0) end

-- A text that no worker has written has no stamp, and a flow outside a table no generation: theirs are not kept.
local form = [[
local cx, owners, new_column, block_of, words, cast, tobit, band, bor, bxor, $names = ...
local texts
local function keep(f, block, k)
  local text = $value
  if text == nil or #text > $longest or block.stamp == 0 or f.generation == 0 then return text end
  texts = texts or new_column()
  local w, e = cast(words, f), owners[k]
  if $differs then
    e.made[0], e.made[1] = 0, 0
    e.place, e.start, e.protocols, e.stamp = w[$place], w[$start], w[$protocols], block.stamp
  end
  texts[k] = text
  e.made[$part] = bor(e.made[$part], $mark)
  return text
end
return function()
  local f = cx.flow
  local block = block_of(f)
  $guard
  local k = tobit(f.slot)
  if band(k, $outside) ~= 0 then return $value end
  local w, e = cast(words, f), owners[k]
  if $differs or band(e.made[$part], $mark) == 0 then return keep(f, block, k) end
  return texts[k]
end]]

local columns = 0

--- Compiles a function that gives a text of the cursor's flow, or nil. `known`, `value`: expressions over the flow `f`, its text `block` and
--- what follows, `names` being its parameters; without `known`, if given, there is no text. Both may depend on nothing but the flow's ends,
--- its protocols and its texts. A function of its own for each, so that the compiler takes what it uses for constants.
function kept.accessor(name, known, value, names, ...)
  assert(columns < most_columns)
  local parts = {
    names = names, value = value, differs = differs, longest = longest, outside = -most_flows,
    place = word("slot"), start = word("first_seen_ns"), protocols = word("master_protocol"),
    part = math.floor(columns / 32), mark = bit.lshift(1, columns % 32),
    guard = known and ("if not (%s) then return nil end"):format(known) or "",
  }
  columns = columns + 1
  return assert(loadstring(form:gsub("%$(%a+)", parts), name))(cx, owners, new_column, kept.block_of, words, cast, tobit, band, bor, bxor, ...)
end

local function address(side) return kept.accessor("=flow", nil, "address_of()", "address_of", address_of[side]) end
kept.addresses = {client = address("client"), server = address("server")}

return kept
