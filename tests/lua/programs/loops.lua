-- Loops of every kind, nested, with break, and with functions in their heads.
local out = {}
local function put(...) out[#out + 1] = table.concat({...}, ",") end
for i = 1, 3 do put("for", i) end
for i = 3, 1, -1 do for j = i, 3 do if j > 2 then break end put("down", i, j) end end
for k, v in ipairs {"a", "b"} do put("in", k, v) end
for k, v in next, {7} do put("next", k, v) end
local n = 0
while n < 3 do n = n + 1 end
while (function() for i = 1, 2 do n = n + i end do n = n + 1 end return n < 20 end)() do put("while", n) end
repeat local last = n; n = n - 5 until last < 10
repeat n = n + 1 until (function() while true do if n > 3 then return true end n = n + 1 end end)()
for i = (function() do return 1 end end)(), (function() repeat until true return 2 end)() do put("bounds", i) end
for _ in (function() local k = 0 return function() k = k + 1 if k < 4 then return k end end end)() do n = n + 1 end
do do put("blocks", n) end end
for i = 1, 0 do put("never") end
while false do end
repeat until true
for i = 1, 200 do n = n + i % 7 end
print(n, table.concat(out, ";"))
return n
