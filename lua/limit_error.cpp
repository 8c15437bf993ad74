#include "lua/limit_error.hpp"

#include "lua/call_guard.hpp"

#include <lua.hpp>

namespace flowactors {

void raise_limit(lua_State* L, const char* kind, const char* text) {
  if (call_guard* guard = guard_of(L); guard != nullptr && !guard->broken())
    guard->mark(limit_kind_of(kind));
  lua_pushfstring(L, "limit: %s: %s", kind, text);
  lua_error(L);
  __builtin_unreachable();
}

void check_limits(lua_State* L) {
  if (call_guard* guard = guard_of(L); guard != nullptr)
    guard->check(L);
}

} // namespace flowactors
