#include "lua/vm_memory.hpp"

#include <lua.hpp>

namespace flowactors {

void vm_memory::watch(lua_State* L) noexcept {
  used_ = static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0)) * 1024
          + static_cast<size_t>(lua_gc(L, LUA_GCCOUNTB, 0));
  real_ = lua_getallocf(L, &real_data_);
  lua_setallocf(L, allocate, this);
}

void vm_memory::close(lua_State* L) noexcept {
  lua_setallocf(L, real_, real_data_); // LuaJIT's own gives all of its memory back at once
  lua_close(L);
  used_ = 0;
}

void* vm_memory::allocate(void* data, void* block, size_t old_size, size_t size) {
  auto& self = *static_cast<vm_memory*>(data);
  if (size > old_size && self.used_ + (size - old_size) > self.most_)
    self.exit_(self.exit_data_);
  void* got = self.real_(self.real_data_, block, old_size, size);
  if (got == nullptr && size != 0) {
    self.exit_(self.exit_data_); // the machine has no more
    return nullptr;
  }
  self.used_ += size - old_size;
  *self.charged_ += static_cast<int64_t>(size - old_size);
  return got;
}

} // namespace flowactors
