#include "lua/bounded_library.hpp"

#include "lua/bounded_patterns.hpp"
#include "lua/bounded_sort.hpp"
#include "lua/chunks.hpp"
#include "lua/limit_error.hpp"

#include <lua.hpp>

namespace flowactors {

namespace {

// spend(units)
int spend_units(lua_State* L) {
  auto& budget = *static_cast<bounded_budget*>(lua_touserdata(L, lua_upvalueindex(1)));
  spend(L, budget, static_cast<size_t>(lua_tonumber(L, 1)));
  return 0;
}

// refuse(text): the text that a function would make is too long.
int refuse(lua_State* L) {
  raise_limit(L, "string", lua_tostring(L, 1));
}

void push_host(lua_State* L, bounded_budget& budget) {
  lua_newtable(L);
  push_bounded_patterns(L, budget);
  push_bounded_sort(L, budget);
  lua_pushlightuserdata(L, &budget);
  lua_pushcclosure(L, spend_units, 1);
  lua_setfield(L, -2, "spend");
  lua_pushcfunction(L, refuse);
  lua_setfield(L, -2, "refuse");
  lua_pushnumber(L, static_cast<lua_Number>(budget.max_string));
  lua_setfield(L, -2, "max_string");
}

} // namespace

void spend(lua_State* L, bounded_budget& budget, size_t units) {
  budget.left -= static_cast<int64_t>(units);
  if (budget.left < 0) [[unlikely]] {
    budget.left = budget.pause;
    check_limits(L);
  }
}

void push_bounded_library(lua_State* L, bounded_budget& budget) {
  if (luaL_loadbuffer(L, chunks::bounded, sizeof(chunks::bounded) - 1, "=bounded") != 0)
    lua_error(L);
  push_host(L, budget);
  lua_call(L, 1, 1);
}

} // namespace flowactors
