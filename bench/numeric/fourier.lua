-- A Fourier transform of 4,096 points, twenty times: loops whose step doubles.
local n = 4096
local re, im = {}, {}
for _ = 1, 20 do
  for i = 1, n do re[i], im[i] = math.sin(i), 0 end
  local j = 1
  for i = 1, n do
    if j > i then re[i], re[j] = re[j], re[i] end
    local m = n / 2
    while m >= 2 and j > m do j = j - m m = m / 2 end
    j = j + m
  end
  local size = 2
  while size <= n do
    local angle = -2 * math.pi / size
    for k = 0, size / 2 - 1 do
      local wr, wi = math.cos(angle * k), math.sin(angle * k)
      for i = k + 1, n, size do
        local o = i + size / 2
        local tr, ti = re[o] * wr - im[o] * wi, re[o] * wi + im[o] * wr
        re[o], im[o] = re[i] - tr, im[i] - ti
        re[i], im[i] = re[i] + tr, im[i] + ti
      end
    end
    size = size * 2
  end
end
return math.floor(re[10] * 1e6)
