-- The product of two matrices of 160 by 160, four times: three loops, a sum in a register.
local n = 160
local function make(f) local m = {} for i = 1, n do local r = {} for j = 1, n do r[j] = f(i, j) end m[i] = r end return m end
local a, b = make(function(i, j) return (i - j) / n end), make(function(i, j) return (i + j) / n end)
local c
for _ = 1, 4 do
  c = {}
  for i = 1, n do
    local ai, ci = a[i], {}
    for j = 1, n do
      local s = 0
      for k = 1, n do s = s + ai[k] * b[k][j] end
      ci[j] = s
    end
    c[i] = ci
  end
end
return c[10][20]
