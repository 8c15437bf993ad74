-- Longest chain of 3n + 1 below 60,000: a while loop with a branch nobody can predict.
local best, at = 0, 0
for start = 1, 60000 do
  local n, steps = start, 0
  while n ~= 1 do
    if n % 2 == 0 then n = n / 2 else n = 3 * n + 1 end
    steps = steps + 1
  end
  if steps > best then best, at = steps, start end
end
return at * 1000 + best
