#include "lua/emission.hpp"

#include "lua/flow_methods.hpp"
#include "lua/host_functions.hpp"

#include <lua.hpp>

namespace flowactors {

namespace {

std::string_view text_at(lua_State* L, int index) {
  size_t size = 0;
  const char* text = luaL_checklstring(L, index, &size);
  return {text, size};
}

int emit(lua_State* L) {
  const auto& cursor =
    static_cast<const flow_access*>(lua_touserdata(L, lua_upvalueindex(1)))->cursor;
  auto& host = *static_cast<host_state*>(lua_touserdata(L, lua_upvalueindex(2)));
  const std::string_view script = text_at(L, 1), text = text_at(L, 2);
  const auto own = static_cast<uint8_t>(luaL_checkinteger(L, 3));
  const uint64_t flow = cursor.live != 0 ? cursor.flow->id : 0;
  lua_pushboolean(L, emit_out(host, {script, text, cursor.now_ns, flow, own}));
  return 1;
}

} // namespace

void push_emission(lua_State* L, flow_access& access, host_state& host) {
  lua_pushlightuserdata(L, &access);
  lua_pushlightuserdata(L, &host);
  lua_pushcclosure(L, emit, 2);
  lua_setfield(L, -2, "emit");
  lua_createtable(L, static_cast<int>(emission_keys.size()), 0);
  for (size_t i = 0; i < emission_keys.size(); ++i) {
    lua_pushstring(L, emission_keys[i]);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  lua_setfield(L, -2, "emission_keys");
}

} // namespace flowactors
