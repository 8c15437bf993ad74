-- Primes below 400,000, five times: stores into one array.
local count
for _ = 1, 5 do
  local n, gone = 400000, {}
  for i = 1, n do gone[i] = false end
  count = 0
  for i = 2, n do
    if not gone[i] then
      count = count + 1
      for k = i + i, n, i do gone[k] = true end
    end
  end
end
return count
