-- Moving averages of 16 values over 300,000 samples: a short loop in a long one.
local ring, sum, high = {}, 0, 0
for i = 1, 16 do ring[i] = 0 end
for t = 1, 300000 do
  ring[t % 16 + 1] = (t * 7919) % 1000
  local s = 0
  for i = 1, 16 do s = s + ring[i] end
  if s > high then high = s end
  sum = sum + s / 16
end
return sum + high
