-- Functions of every shape: varargs, methods, closures, tail calls, recursion, multiple values.
local function none() end
local function all(...) return select("#", ...), ... end
local function tail(n, s) if n == 0 then return s end return tail(n - 1, s + n) end
local fib function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
local object = {v = 1, deep = {er = {}}}
function object:add(n) self.v = self.v + n return self end
function object.deep.er.f(a, --[[ ) ]] b, -- )
  ...) return a, b, ... end
function object.deep.er:g() return self == object.deep.er end
local counters = {}
for i = 1, 3 do counters[i] = function() i = i + 1 return i end end
local a, b, c = (function() return 1, 2, 3 end)()
a, b = b, a
local made = {f = function(x) return x end, [1] = function() return function() return "inner" end end; (function() return 9 end)()}
print(none(), all(nil, 2, nil))
print(tail(5000, 0), fib(15), object:add(2):add(3).v)
print(object.deep.er.f(1, 2, 3, 4), object.deep.er:g())
print(counters[1](), counters[1](), counters[2](), a, b, c, made.f "s", made.f {} ~= nil, made[1])
print(pcall(function() local x = nil; return x.y end))
print(select(2, pcall(error, {code = 1})).code, select(2, xpcall(function() error("e", 0) end, function(m) return m .. "!" end)))
print(string.gsub("hello", "l", function(x) return x:upper() end), ("x"):rep(3))
print((...), select("#", ...))
return ...
