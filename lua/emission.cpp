#include "lua/emission.hpp"

#include "lua/flow_methods.hpp"
#include "lua/host_functions.hpp"

#include <lua.hpp>

namespace flowactors {

namespace {

// emit(value, script): false if the text that `emitted` names is to be written as a line. Called by
// a function of Lua, whose caller is to blame.
int emit(lua_State* L) {
  constexpr int caller = 2;
  const auto& cursor =
    static_cast<const flow_access*>(lua_touserdata(L, lua_upvalueindex(1)))->cursor;
  auto& host = *static_cast<host_state*>(lua_touserdata(L, lua_upvalueindex(2)));
  if (lua_type(L, 1) != LUA_TTABLE) {
    luaL_where(L, caller);
    lua_pushfstring(L, "bad argument #1 to 'emit' (table expected, got %s)", luaL_typename(L, 1));
    lua_concat(L, 2);
    return lua_error(L);
  }
  const std::string_view text = host.writer.write(L, 1, {caller, "emit: "});
  host.emitted = {text.data(), text.size()};
  bool out = host.output->takes_records();
  if (out) {
    size_t size = 0;
    const char* const script = lua_tolstring(L, 2, &size);
    const uint64_t flow = cursor.live != 0 ? cursor.flow->id : 0;
    const auto own = static_cast<uint8_t>(host.writer.keys_among(emission_keys));
    out = emit_out(host, {{script, size}, text, cursor.now_ns, flow, own});
  }
  lua_pushboolean(L, out);
  return 1;
}

} // namespace

void push_emission(lua_State* L, flow_access& access, host_state& host) {
  lua_pushlightuserdata(L, &access);
  lua_pushlightuserdata(L, &host);
  lua_pushcclosure(L, emit, 2);
  lua_setfield(L, -2, "emit");
  lua_pushlightuserdata(L, &host.emitted);
  lua_setfield(L, -2, "emitted");
}

} // namespace flowactors
