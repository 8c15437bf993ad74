#include "lua/compiler.hpp"

#include "lua/bounded_library.hpp"
#include "lua/instrumenter.hpp"

#include <lua.hpp>

#include <string_view>

namespace flowactors {

namespace {

std::string_view text_at(lua_State* L, int index) {
  size_t size = 0;
  const char* text = luaL_checklstring(L, index, &size);
  return {text, size};
}

// Into the host's string, which outlives a Lua error. True if `scratch` is text, false if it is a
// message.
bool instrument_into(std::string& scratch, std::string_view text, std::string_view chunk) noexcept {
  auto made = instrument(text, chunk);
  scratch = made ? std::move(*made) : made.failure().what;
  return static_cast<bool>(made);
}

int instrument_text(lua_State* L) {
  auto& host = *static_cast<host_state*>(lua_touserdata(L, lua_upvalueindex(1)));
  const std::string_view text = text_at(L, 1), chunk = text_at(L, 2);
  if (instrument_into(host.scratch, text, chunk)) {
    lua_pushlstring(L, host.scratch.data(), host.scratch.size());
    return 1;
  }
  lua_pushnil(L);
  lua_pushlstring(L, host.scratch.data(), host.scratch.size());
  return 2;
}

// explain(message) -> what compiling an instrumented text failed with, in other words
int explain(lua_State* L) {
  auto& host = *static_cast<host_state*>(lua_touserdata(L, lua_upvalueindex(1)));
  host.scratch = explain_refusal(text_at(L, 1));
  lua_pushlstring(L, host.scratch.data(), host.scratch.size());
  return 1;
}

void push_bounded(lua_State* L, host_state& host) {
  push_bounded_library(L, host.budget);
}

} // namespace

void push_compiler(lua_State* L, host_state& host) {
  lua_pushlightuserdata(L, &host);
  lua_pushcclosure(L, instrument_text, 1);
  lua_setfield(L, -2, "instrument");
  lua_pushlightuserdata(L, &host);
  lua_pushcclosure(L, explain, 1);
  lua_setfield(L, -2, "explain");
  push_bounded(L, host);
  lua_setfield(L, -2, "bounded");
  lua_pushcfunction(L, luaopen_math);
  lua_setfield(L, -2, "open_math");
}

} // namespace flowactors
