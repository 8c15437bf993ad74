-- The Mandelbrot set on 300 by 300 points: an inner while loop of ten operations.
local n, inside = 300, 0
for py = 0, n - 1 do
  local ci = 2 * py / n - 1
  for px = 0, n - 1 do
    local cr, zr, zi, k = 2 * px / n - 1.5, 0, 0, 0
    while k < 100 and zr * zr + zi * zi < 4 do
      zr, zi, k = zr * zr - zi * zi + cr, 2 * zr * zi + ci, k + 1
    end
    if k == 100 then inside = inside + 1 end
  end
end
return inside
