#include "lua/flow_data.hpp"

#include "lua/flow_methods.hpp"

#include <lua.hpp>

namespace flowactors {

namespace {

char dropper, keeper; // their addresses are the keys in the registry

int note_data(lua_State* L) {
  static_cast<flow_access*>(lua_touserdata(L, lua_upvalueindex(1)))->has_data = true;
  return 0;
}

int set_dropper(lua_State* L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_pushlightuserdata(L, &dropper);
  lua_pushvalue(L, 1);
  lua_rawset(L, LUA_REGISTRYINDEX);
  lua_pushlightuserdata(L, &keeper);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_rawset(L, LUA_REGISTRYINDEX);
  return 0;
}

flow_access* access_of(lua_State* L) noexcept {
  lua_pushlightuserdata(L, &keeper);
  lua_rawget(L, LUA_REGISTRYINDEX);
  auto* access = static_cast<flow_access*>(lua_touserdata(L, -1));
  lua_pop(L, 1);
  return access;
}

} // namespace

void push_flow_data(lua_State* L, flow_access& access) {
  lua_pushlightuserdata(L, &access);
  lua_pushcclosure(L, note_data, 1);
  lua_setfield(L, -2, "note_data");
  lua_pushlightuserdata(L, &access);
  lua_pushcclosure(L, set_dropper, 1);
  lua_setfield(L, -2, "set_dropper");
}

void drop_flow_data(lua_State* L) noexcept {
  lua_pushlightuserdata(L, &dropper);
  lua_rawget(L, LUA_REGISTRYINDEX);
  if (lua_pcall(L, 0, 0, 0) != 0) {
    lua_pop(L, 1);
    ++access_of(L)->data_faults;
  }
}

} // namespace flowactors
