-- Decides nothing: walks over all that flow.dump() gives.
local callbacks = {}

local function shown(value)
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for key, inner in pairs(value) do parts[#parts + 1] = key .. "=" .. tostring(inner) end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

function callbacks.flowDelete()
  local f, keys = flow.dump(), {}
  for key in pairs(f) do keys[#keys + 1] = key end
  table.sort(keys)
  io.write("-- ", #keys, " keys\n")
  for _, key in ipairs(keys) do io.write(key, " ", type(f[key]), " ", shown(f[key]), "\n") end
end

return callbacks
