-- Tables, metatables, sorting, strings and arithmetic: sums that any change of behaviour would move.
local V = {}
V.__index = V
V.__add = function(a, b) return setmetatable({a[1] + b[1], a[2] + b[2]}, V) end
V.__eq = function(a, b) return a[1] == b[1] and a[2] == b[2] end
V.__call = function(self, k) return self[k] end
V.__tostring = function(self) return "(" .. self[1] .. " " .. self[2] .. ")" end
local sum = setmetatable({0, 0}, V)
for i = 1, 300 do sum = sum + setmetatable({i, -i}, V) end
local words = {}
for word in ("the quick brown fox jumps over the lazy dog"):gmatch("%a+") do words[#words + 1] = word end
table.sort(words, function(a, b) if #a ~= #b then return #a < #b end return a < b end)
local sieve, primes = {}, 0
for i = 2, 2000 do
  if not sieve[i] then primes = primes + 1 for j = i * i, 2000, i do sieve[j] = true end end
end
local lazy = setmetatable({}, {__index = function(t, k) local v = k <= 2 and 1 or t[k - 1] + t[k - 2] t[k] = v return v end})
local q = {}
for i = 1, 500 do q[i % 17] = (q[i % 17] or 0) + i * i % 31 end
local mixed = 0
for k = 0, 16 do mixed = mixed * 3 % 1000003 + q[k] end
print(tostring(sum), sum == setmetatable({45150, -45150}, V), sum(1), table.concat(words, " "), primes, lazy[60], mixed)
