-- Coroutines: generators, errors through them, values both ways, wrap within wrap.
local function numbers(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local sum = 0
for i in numbers(100) do sum = sum + i end
local co = coroutine.create(function(a, b)
  local c = coroutine.yield(a + b)
  local d, e = coroutine.yield(c * 2)
  return d + e
end)
print(sum, coroutine.resume(co, 1, 2))
print(coroutine.resume(co, 10))
print(coroutine.resume(co, 3, 4))
print(coroutine.resume(co))
local failing = coroutine.create(function() local t = nil; while true do t.x = 1 end end)
print(coroutine.resume(failing))
local function walk(tree) if tree then walk(tree[1]) coroutine.yield(tree.v) walk(tree[2]) end end
local order = {}
for v in coroutine.wrap(function() walk {{v = 1}, {{v = 3}, v = 4}, v = 2} end) do order[#order + 1] = v end
print(table.concat(order, " "), coroutine.status(co), coroutine.running())
