#include "lua/safe_point.hpp"

#include "lua/limit_error.hpp"

#include <lua.hpp>

namespace flowactors {

safe_point::safe_point(call_guard& guard, uint32_t recursion) noexcept
  : guard_(guard), recursion_(recursion) {
  guard.memory().watch_texts(longest_text, on_long_text, this);
}

void safe_point::on_long_text(void* self) noexcept {
  auto& point = *static_cast<safe_point*>(self);
  point.long_turn_ = point.guard_.turn();
  point.long_place_ = point.guard_.place();
}

void safe_point::inspect(lua_State* L) const {
  constexpr int own_levels = 2; // of the C function and the one of Lua that called it
  if (!guard_.armed() || guard_.broken())
    return; // the check itself will tell
  if (long_turn_ == guard_.turn() && long_place_ == guard_.place())
    raise_limit(L, "string", "a text has grown too long");
  lua_Debug level;
  if (recursion_ < deepest_stack
      && lua_getstack(L, static_cast<int>(recursion_) + own_levels, &level) != 0)
    raise_limit(L, "recursion", "too many calls within each other");
}

namespace {

int inspect(lua_State* L) {
  static_cast<const safe_point*>(lua_touserdata(L, lua_upvalueindex(1)))->inspect(L);
  return 0;
}

} // namespace

void push_safe_point(lua_State* L, safe_point& point) {
  lua_pushlightuserdata(L, &point);
  lua_pushcclosure(L, inspect, 1);
  lua_setfield(L, -2, "inspect");
}

} // namespace flowactors
