-- Five bodies under gravity, 60,000 steps: floating point over fields of tables.
local bodies = {}
for i = 1, 5 do bodies[i] = {x = i * 1.5, y = 8 / i, z = i - 3, vx = 0.1 * i, vy = -0.2 / i, vz = 0.01 * i, m = 1 / i} end
local function step(dt)
  for i = 1, #bodies do
    local a = bodies[i]
    for k = i + 1, #bodies do
      local b = bodies[k]
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      local d2 = dx * dx + dy * dy + dz * dz + 0.01
      local f = dt / (d2 * math.sqrt(d2))
      a.vx, a.vy, a.vz = a.vx - dx * b.m * f, a.vy - dy * b.m * f, a.vz - dz * b.m * f
      b.vx, b.vy, b.vz = b.vx + dx * a.m * f, b.vy + dy * a.m * f, b.vz + dz * a.m * f
    end
  end
  for i = 1, #bodies do
    local a = bodies[i]
    a.x, a.y, a.z = a.x + dt * a.vx, a.y + dt * a.vy, a.z + dt * a.vz
  end
end
for _ = 1, 60000 do step(0.001) end
return bodies[1].x + bodies[5].z
