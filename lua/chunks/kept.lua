-- Keeps texts from one event to the next: to make one takes longer than the rest of an accessor. Addresses are found again by what they
-- are, the other texts by the block that holds them, which its writer has numbered. Each has one place, which the newest takes.
local host = ...
local ffi = require "ffi"
local new_table = require "table.new"
local cast, tobit, band, bor, bxor, rshift = ffi.cast, bit.tobit, bit.band, bit.bor, bit.bxor, bit.rshift
local cx = ffi.cast("script_cursor *", host.cursor)
local places, most_columns, longest = host.kept_places, 64, 128

ffi.cdef [[
typedef struct script_kept_block { uint64_t writer, number; int32_t made[2]; } script_kept_block; /* a bit for each text that is there */
typedef struct script_kept_address { uint64_t high, low; int32_t version; } script_kept_address;
]]
local block_places, address_places = ffi.new("script_kept_block[?]", places), ffi.new("script_kept_address[?]", places)
-- Pointers, since the compiler takes only small values for constants.
local blocks, addresses = cast("script_kept_block *", block_places), cast("script_kept_address *", address_places)
local heads, empty_block = ffi.typeof("const flow_text *"), ffi.new("flow_text")
local no_text = cast(heads, empty_block)

local function new_column()
  assert(block_places and address_places and empty_block) -- nothing else holds them
  return new_table(places, 0)
end

local kept = {}
local columns, keepers = {}, {} -- by number: the texts of all places, and what makes a text and keeps it
local numbers, count = {}, 0

local function filled(form, parts)
  return (form:gsub("%$([%a_]+)", function(name) return tostring(assert(parts[name], name)) end))
end

-- Texts are fetched by the same lines wherever they are read: a small function for each, called from many places, would have too many
-- recordings begin in it that lead nowhere, until the compiler leaves it and all its callers alone.
local names = "cx, columns, keepers, blocks, addresses, no_text, heads, words, halves, cast, tobit, band, bor, bxor, rshift"
local function values()
  return cx, columns, keepers, blocks, addresses, no_text, heads, ffi.typeof("const uint64_t *"), ffi.typeof("const int32_t *"), cast, tobit,
    band, bor, bxor, rshift
end

--- Lines that find the `block` of texts of the flow `f`, an empty one if it has none, by `heads` and `no_text`; and its place.
kept.heads, kept.no_text = heads, no_text
kept.block = "local block = no_text if tobit(f.text) ~= 0 and cx.text_arena ~= nil then block = cast(heads, cx.text_arena + f.text * 16ULL) end"
kept.place = ("%s local k = band(tobit(block.number), %d) local e = blocks[k]"):format(kept.block, places - 1)

local keeper_form = [[
local blocks, columns, new_column, band, bor, bxor, $names = ...
return function(block, k)
  local text = $value
  if text == nil or #text > $longest or block.number == 0 then return text end
  local e = blocks[k]
  if bor(bxor(e.writer, block.writer), bxor(e.number, block.number)) ~= 0 then
    e.made[0], e.made[1] = 0, 0
    e.writer, e.number = block.writer, block.number
  end
  columns[$number] = columns[$number] or new_column()
  columns[$number][k] = text
  e.made[$part] = bor(e.made[$part], $mark)
  return text
end]]

--- Makes a kind of text known: `value` is an expression over its `block` and what follows, `names` being its parameters, and depends on
--- nothing else.
function kept.declare(name, value, names, ...)
  if numbers[name] then return end
  count = count + 1
  assert(count < most_columns) -- there are bits for
  numbers[name], columns[count] = count, false
  local parts = {names = names, value = value, longest = longest, number = count, part = math.floor(count / 32), mark = bit.lshift(1, count % 32)}
  keepers[count] = assert(loadstring(filled(keeper_form, parts), "=flow"))(blocks, columns, new_column, band, bor, bxor, ...)
end

--- The same for what stands in the block as it is.
function kept.declare_piece(member)
  kept.declare(member, ("(block.%s.length ~= 0 and str(cast(chars, block) + block.%s.offset, block.%s.length) or nil)"):format(member, member, member),
    "str, cast, chars", ffi.string, cast, ffi.typeof("const char *"))
end

--- Lines that set the variable `target` to the text, nil without one. After `place`.
function kept.fetch(target, name)
  local number = numbers[name]
  return filled([[if bor(bxor(e.writer, block.writer), bxor(e.number, block.number)) == 0 and band(e.made[$part], $mark) ~= 0 then
    $target = columns[$number][k] else $target = keepers[$number](block, k) end]], {
    target = target, number = number, part = math.floor(number / 32), mark = bit.lshift(1, number % 32),
  })
end

-- An address has two words of 64 bits in the record; its last 32 bits tell where its text is kept.
local address_keeper = [[
local cx, addresses, columns, new_column, words, cast, str, write_addresses = ...
return function(f, k)
  if f.$text_length == 0 then write_addresses(cx) end
  local text = str(f.$text, f.$text_length)
  local w, e = cast(words, f), addresses[k]
  e.high, e.low, e.version = w[$high], w[$low], f.ip_version + 1 -- 0 = nobody's
  columns[0] = columns[0] or new_column()
  columns[0][k] = text
  return text
end]]
local sides = {}
for _, side in ipairs {"client", "server"} do
  local at = ffi.offsetof("flow_record", side .. "_address")
  assert(at % 8 == 0)
  local parts = {text = side .. "_text", text_length = side .. "_text_length", keeper = side, high = at / 8, low = at / 8 + 1,
    half = at / 4 + 3, last = places - 1}
  sides[side] = parts
  keepers[side] = assert(loadstring(filled(address_keeper, parts), "=flow"))(cx, addresses, columns, new_column,
    ffi.typeof("const uint64_t *"), cast, ffi.string, cast("void (*)(script_cursor *)", host.write_addresses))
end

--- Lines that set the variable `target` to an address of the flow `f`.
function kept.fetch_address(target, side)
  local parts = {target = target}
  for name, value in pairs(sides[side]) do parts[name] = value end
  return filled([[do local last = cast(halves, f)[$half] local i = band(bxor(last, rshift(last, 12), rshift(last, 20)), $last)
    local w, e = cast(words, f), addresses[i]
    if bor(bxor(e.high, w[$high]), bxor(e.low, w[$low])) == 0 and e.version == f.ip_version + 1 then
    $target = columns[0][i] else $target = keepers.$keeper(f, i) end end]], parts)
end

--- Compiles a function over the flow `f` of the cursor, whose `lines` may fetch texts. `more`: what else they name.
function kept.compile(name, lines, more, ...)
  local text = ("local %s = ... return function(%s) return function() local f = cx.flow %s end end"):format(names, more or "", lines)
  return assert(loadstring(text, name))(values())(...)
end

return kept
