-- Ports of two million packets into a histogram, and its entropy: what scripts about traffic do.
local seen, x = {}, 1
for i = 0, 1023 do seen[i] = 0 end
for _ = 1, 2000000 do
  x = (x * 16807) % 2147483647
  local port = x % 1024
  seen[port] = seen[port] + 1
end
local entropy = 0
for i = 0, 1023 do
  local p = seen[i] / 2000000
  if p > 0 then entropy = entropy - p * math.log(p) end
end
return math.floor(entropy * 1e6)
