-- The two functions of dkjson that scripts use, over our own json: encode(value) and decode(text) -> value, or nil, place, message.

local json = require "json"
local M = {null = json.null}

M.encode = json.encode

---@return any value, integer? place, string? message
function M.decode(text)
  local ok, value = pcall(json.decode, text)
  if ok then return value, #text + 1 end
  return nil, tonumber(tostring(value):match("byte (%d+)")) or 1, value
end

return M
