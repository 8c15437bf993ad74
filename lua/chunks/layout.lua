-- Declares to FFI what this program's C++ declares, and compares. Returns nothing, or what differs.
local host = ...
local ffi = require "ffi"
ffi.cdef(host.layout)
for name, size in pairs(host.sizes) do
  if ffi.sizeof(name) ~= size then
    return ("sizeof(%s) is %d here and %d in LuaJIT"):format(name, size, ffi.sizeof(name))
  end
end
for _, member in ipairs(host.offsets) do
  local offset = ffi.offsetof(member.type, member.name)
  if offset ~= member.offset then
    return ("offsetof(%s, %s) is %d here and %s in LuaJIT"):format(member.type, member.name, member.offset, tostring(offset))
  end
end
