-- JSON (RFC 8259) for scripts: encode(value) and decode(text). A table with the keys 1..n is an array, another one an object;
-- `null` stands for null inside of tables.

local M = {}

M.null = setmetatable({}, {__tostring = function() return "null" end})

local escapes = {['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t"}
local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return escapes[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function number(value)
  if value ~= value or value == math.huge or value == -math.huge then return "null" end
  return (("%.17g"):format(value):len() > 16 and tonumber(("%.14g"):format(value)) == value and "%.14g" or "%.17g"):format(value)
end

local encode_into

local function encode_table(value, out, deep)
  if deep > 100 then error("json.encode: more than 100 levels", 0) end
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  if count > 0 and count == #value then
    out[#out + 1] = "["
    for k = 1, count do
      if k > 1 then out[#out + 1] = "," end
      encode_into(value[k], out, deep + 1)
    end
    out[#out + 1] = "]"
    return
  end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  out[#out + 1] = "{"
  for k, key in ipairs(keys) do
    out[#out + 1] = (k > 1 and "," or "") .. quoted(tostring(key)) .. ":"
    encode_into(value[key], out, deep + 1)
  end
  out[#out + 1] = "}"
end

encode_into = function(value, out, deep)
  local kind = type(value)
  if value == nil or value == M.null then out[#out + 1] = "null"
  elseif kind == "string" then out[#out + 1] = quoted(value)
  elseif kind == "number" then out[#out + 1] = number(value)
  elseif kind == "boolean" then out[#out + 1] = tostring(value)
  elseif kind == "table" then encode_table(value, out, deep)
  else error("json.encode: a " .. kind .. " has no form in JSON", 0) end
end

---@return string
function M.encode(value)
  local out = {}
  encode_into(value, out, 0)
  return table.concat(out)
end

local function utf8(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xc0 + math.floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then return string.char(0xe0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64) end
  return string.char(0xf0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64, 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

local plain = {b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/"}

local function fail(at, wanted) error(("json.decode: at byte %d %s was expected"):format(at, wanted), 0) end

local function decode_string(text, at)
  local parts = {}
  while true do
    local stop = text:find('["\\%c]', at)
    if not stop then fail(#text + 1, "the end of a string") end
    parts[#parts + 1] = text:sub(at, stop - 1)
    local c = text:sub(stop, stop)
    if c == '"' then return table.concat(parts), stop + 1 end
    if c ~= "\\" then fail(stop, "no control character") end
    local e = text:sub(stop + 1, stop + 1)
    if plain[e] then
      parts[#parts + 1], at = plain[e], stop + 2
    else
      local code = e == "u" and tonumber(text:match("^%x%x%x%x", stop + 2) or "", 16)
      if not code then fail(stop, "an escape") end
      at = stop + 6
      if code >= 0xd800 and code < 0xdc00 then
        local low = tonumber(text:match("^\\u(d[c-fC-F]%x%x)", at) or text:match("^\\u(D[c-fC-F]%x%x)", at) or "", 16)
        if not low then fail(at, "the second half of a surrogate pair") end
        code, at = 0x10000 + (code - 0xd800) * 1024 + (low - 0xdc00), at + 6
      end
      parts[#parts + 1] = utf8(code)
    end
  end
end

local decode_value

local function skip(text, at) return text:find("[^ \t\r\n]", at) or #text + 1 end

local function decode_array(text, at, deep)
  local made, k = {}, 0
  at = skip(text, at)
  if text:sub(at, at) == "]" then return made, at + 1 end
  while true do
    k = k + 1
    made[k], at = decode_value(text, at, deep)
    at = skip(text, at)
    local c = text:sub(at, at)
    if c == "]" then return made, at + 1 end
    if c ~= "," then fail(at, "',' or ']'") end
    at = at + 1
  end
end

local function decode_object(text, at, deep)
  local made = {}
  at = skip(text, at)
  if text:sub(at, at) == "}" then return made, at + 1 end
  while true do
    at = skip(text, at)
    if text:sub(at, at) ~= '"' then fail(at, "a key") end
    local key
    key, at = decode_string(text, at + 1)
    at = skip(text, at)
    if text:sub(at, at) ~= ":" then fail(at, "':'") end
    made[key], at = decode_value(text, at + 1, deep)
    at = skip(text, at)
    local c = text:sub(at, at)
    if c == "}" then return made, at + 1 end
    if c ~= "," then fail(at, "',' or '}'") end
    at = at + 1
  end
end

local words = {["true"] = true, ["false"] = false, null = M.null}

decode_value = function(text, at, deep)
  if deep > 100 then error("json.decode: more than 100 levels", 0) end
  at = skip(text, at)
  local c = text:sub(at, at)
  if c == "{" then return decode_object(text, at + 1, deep + 1) end
  if c == "[" then return decode_array(text, at + 1, deep + 1) end
  if c == '"' then return decode_string(text, at + 1) end
  local word = text:match("^%l+", at)
  if word and words[word] ~= nil then return words[word], at + #word end
  local digits = text:match("^-?%d+%.?%d*[eE]?[-+]?%d*", at)
  local value = digits and not digits:find("^-?0%d") and not digits:find("%.$") and not digits:find("%.[eE]") and tonumber(digits)
  if not value then fail(at, "a value") end
  return value, at + #digits
end

--- The value of a JSON text; raises an error with the place for what is not JSON.
function M.decode(text)
  local value, at = decode_value(text, 1, 0)
  at = skip(text, at)
  if at <= #text then fail(at, "the end") end
  if value == M.null then return nil end
  return value
end

return M
