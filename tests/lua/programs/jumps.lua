-- goto as continue, as a loop, out of nested loops, and as a member's name.
local kept = {}
for i = 1, 10 do
  if i % 3 == 0 then goto continue end
  kept[#kept + 1] = i
  ::continue::
end
local i = 1
::top::
i = i * 2
if i < 1000 then goto top end
for a = 1, 5 do for b = 1, 5 do if a * b == 12 then kept[#kept + 1] = a .. "x" .. b goto out end end end
::out::
do local x = 5 goto skip; x = 6 ::skip:: end
local turns = 0
repeat
  local seen = turns
  turns = turns + 1
  if turns < 5 then goto next end
  kept[#kept + 1] = seen
  ::next::
until turns > 6
local t = {}
t.goto = 1
function t:go(n) if n == 0 then goto done end do return self:go(n - 1) end ::done:: return "arrived" .. self.goto end
local x = t goto -- a comment between
  far
::far:: ::further::
while true do if i > 2000 then break end i = i + 1 goto again ::again:: end
print(i, table.concat(kept, " "), x.goto, t:go(5))
