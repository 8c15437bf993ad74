-- Branches that no trace foresees, in functions made at run time.
local M = {}
local made = {}
function M.flowCreate()
  local n = 1
  for i = 1, 1000 do
    made[i] = made[i] or loadstring("local n = ... if n % " .. i + 1 .. " < 3 then return n * 3 + 1 else return n + " .. i .. " end")
  end
  while true do
    n = (n * 16807 + 11) % 2147483647
    n = made[n % 1000 + 1](n) + (n % 2 == 0 and 1 or n % 3 == 0 and 2 or n % 5 == 0 and 3 or 4)
  end
end
return M
