#include "lua/helpers/helpers.hpp"

#include <lua.hpp>

namespace flowactors {

void push_helpers(lua_State* L, helper_memory& memory) {
  lua_newtable(L);
  push_window_counter(L, memory);
  lua_setfield(L, -2, "window_counter");
  push_distinct(L, memory);
  lua_setfield(L, -2, "distinct");
  push_top_k(L, memory);
  lua_setfield(L, -2, "top_k");
  push_expiring_set(L, memory);
  lua_setfield(L, -2, "expiring_set");
  push_expiring_map(L, memory);
  lua_setfield(L, -2, "expiring_map");
  push_prefix_set(L, memory);
  lua_setfield(L, -2, "prefix_set");
}

} // namespace flowactors
