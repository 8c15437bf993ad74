#include "lua/version.hpp"

#include <lua.hpp>

namespace flowactors {

std::string luajit_built() {
  return LUAJIT_VERSION;
}

std::string luajit_running() {
  lua_State* vm = luaL_newstate();
  if (vm == nullptr)
    return "no memory for a VM";
  // In a protected call, since opening a library can run out of memory.
  const auto ask = [](lua_State* state) -> int {
    lua_pushcfunction(state, luaopen_jit);
    lua_call(state, 0, 0);
    lua_getglobal(state, "jit");
    lua_getfield(state, -1, "version");
    return 1;
  };
  lua_pushcfunction(vm, ask);
  std::string version =
    lua_pcall(vm, 0, 1, 0) == 0 && lua_isstring(vm, -1) != 0 ? lua_tostring(vm, -1) : "not told";
  lua_close(vm);
  return version;
}

} // namespace flowactors
