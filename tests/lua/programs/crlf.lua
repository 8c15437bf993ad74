-- Lines that end in CR LF, and one in CR alone.
local n = 0 -- herefor i = 1, 3 do n = n + i end
while n < 10 do
  n = n + 1
end
print(n, "a\
b", [[
c
d]], select(2, pcall(function()
  error("line")
end)))
