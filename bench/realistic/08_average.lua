-- The average size of the last 16 updates.
local M = {}
local last, place, average = {}, 0, 0
for k = 0, 15 do last[k] = 0 end

function M.flowUpdate(flow)
  last[place] = flow.bytes
  place = (place + 1) % 16
  local sum = 0
  for k = 0, 15 do sum = sum + last[k] end
  average = sum / 16
end

return M
