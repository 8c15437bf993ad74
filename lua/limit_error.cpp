#include "lua/limit_error.hpp"

#include "lua/call_guard.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstdint>

namespace flowactors {

namespace {

// Of the stack, for C functions and Lua within each other: some hundred calls, which an error can
// leave within a few milliseconds.
constexpr uintptr_t most_stack = 512 << 10;

} // namespace

void raise_limit(lua_State* L, const char* kind, const char* text) {
  if (call_guard* guard = guard_of(L); guard != nullptr && !guard->broken())
    guard->mark(limit_kind_of(kind));
  lua_pushfstring(L, "limit: %s: %s", kind, text);
  lua_error(L);
  __builtin_unreachable();
}

// The stack grows downwards; the highest place from which a thread came here is where its calls
// begin.
void check_depth(lua_State* L) {
  static thread_local uintptr_t begin = 0;
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  begin = std::max(begin, here);
  if (begin - here > most_stack)
    luaL_error(L, "C stack overflow");
}

void require_time(lua_State* L, int64_t ns) {
  if (const call_guard* guard = guard_of(L); guard != nullptr && guard->budget_ns() < ns)
    raise_limit(L, "deadline", "this would take longer than a call may");
}

bool limits_due(lua_State* L) noexcept {
  const call_guard* guard = guard_of(L);
  return guard != nullptr && guard->late();
}

void shorten_message(lua_State* L, int index) {
  if (lua_objlen(L, index) <= longest_message)
    return;
  lua_pushlstring(L, lua_tostring(L, index), longest_message);
  lua_pushliteral(L, " ...");
  lua_concat(L, 2);
  lua_replace(L, index);
}

void check_limits(lua_State* L) {
  if (call_guard* guard = guard_of(L); guard != nullptr)
    guard->check(L);
}

} // namespace flowactors
