-- Eight queens, all solutions, six times: recursion with a loop in it.
local solutions = 0
local function place(row, columns, up, down)
  if row > 8 then solutions = solutions + 1 return end
  for c = 1, 8 do
    if not columns[c] and not up[row + c] and not down[row - c + 8] then
      columns[c], up[row + c], down[row - c + 8] = true, true, true
      place(row + 1, columns, up, down)
      columns[c], up[row + c], down[row - c + 8] = false, false, false
    end
  end
end
for _ = 1, 6 do place(1, {}, {}, {}) end
return solutions
