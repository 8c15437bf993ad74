#include "lua/bounded_sort.hpp"

#include "lua/limit_error.hpp"

#include <lua.hpp>

#include <algorithm>

namespace flowactors {

namespace {

// Of one comparison, with the moves around it: about 20 ns.
constexpr size_t compare_units = 4;

// Texts that begin alike are compared as far as that.
constexpr size_t bytes_of_unit = 32;

// Sorts the table at index 1, by the function at index 2 unless that is nil. Elements that are
// looked at lie on the stack. The way of Lua 5.1: quicksort by the median of the first, middle and
// last.
struct sorter {
  lua_State* L;
  bounded_budget& budget;

  bool less(int a, int b) { // absolute indices
    spend(L, budget, compare_units);
    if (lua_isnil(L, 2)) {
      if (lua_type(L, a) == LUA_TSTRING && lua_type(L, b) == LUA_TSTRING)
        spend(L, budget, std::min(lua_objlen(L, a), lua_objlen(L, b)) / bytes_of_unit);
      return lua_lessthan(L, a, b) != 0;
    }
    lua_pushvalue(L, 2);
    lua_pushvalue(L, a);
    lua_pushvalue(L, b);
    lua_call(L, 2, 1);
    const bool result = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return result;
  }

  // Stores the two values on top: the upper one as element `i`, the other as element `j`.
  void store(int i, int j) {
    lua_rawseti(L, 1, i);
    lua_rawseti(L, 1, j);
  }

  // Puts elements `low` and `high` in order.
  void order(int low, int high) {
    const int top = lua_gettop(L);
    lua_rawgeti(L, 1, low);
    lua_rawgeti(L, 1, high);
    if (less(top + 2, top + 1))
      store(low, high);
    else
      lua_settop(L, top);
  }

  // The pivot has been put at `high - 1` and is on top of the stack; returns where it comes to
  // stand.
  int part(int low, int high) {
    const int pivot = lua_gettop(L);
    int i = low;
    int j = high - 1;
    for (;;) {
      for (lua_rawgeti(L, 1, ++i); less(pivot + 1, pivot); lua_rawgeti(L, 1, ++i)) {
        if (i > high)
          luaL_error(L, "invalid order function for sorting");
        lua_pop(L, 1);
      }
      for (lua_rawgeti(L, 1, --j); less(pivot, pivot + 2); lua_rawgeti(L, 1, --j)) {
        if (j < low)
          luaL_error(L, "invalid order function for sorting");
        lua_pop(L, 1);
      }
      if (j < i)
        break;
      store(i, j);
    }
    lua_settop(L, pivot - 1);
    lua_rawgeti(L, 1, high - 1);
    lua_rawgeti(L, 1, i);
    store(high - 1, i);
    return i;
  }

  // The smaller part by a call, the larger one by the loop: calls are as deep as the logarithm.
  void sort(int low, int high) { // NOLINT(misc-no-recursion)
    luaL_checkstack(L, 40, "");
    while (low < high) {
      order(low, high);
      if (high - low == 1)
        return;
      const int middle = (low + high) / 2;
      median(low, middle, high);
      if (high - low == 2)
        return;
      lua_rawgeti(L, 1, middle); // the pivot: stays on the stack for part()
      lua_pushvalue(L, -1);
      lua_rawgeti(L, 1, high - 1);
      store(middle, high - 1);
      const int at = part(low, high);
      int small_low = low;
      int small_high = at - 1;
      if (at - low < high - at) {
        low = at + 1;
      } else {
        small_low = at + 1;
        small_high = high;
        high = at - 1;
      }
      sort(small_low, small_high);
    }
  }

  // The first and the last are in order: brings the middle one between them.
  void median(int low, int middle, int high) {
    const int top = lua_gettop(L);
    lua_rawgeti(L, 1, middle);
    lua_rawgeti(L, 1, low);
    if (less(top + 1, top + 2)) {
      store(middle, low);
      return;
    }
    lua_pop(L, 1);
    lua_rawgeti(L, 1, high);
    if (less(top + 2, top + 1))
      store(middle, high);
    else
      lua_settop(L, top);
  }
};

int sort(lua_State* L) {
  auto& budget = *static_cast<bounded_budget*>(lua_touserdata(L, lua_upvalueindex(1)));
  luaL_checktype(L, 1, LUA_TTABLE);
  const size_t count = lua_objlen(L, 1);
  if (!lua_isnoneornil(L, 2))
    luaL_checktype(L, 2, LUA_TFUNCTION);
  if (count > budget.max_sort)
    raise_limit(L, "sort", "table.sort gets too many elements");
  check_depth(L);
  lua_settop(L, 2);
  sorter{L, budget}.sort(1, static_cast<int>(count));
  return 0;
}

} // namespace

void push_bounded_sort(lua_State* L, bounded_budget& budget) {
  lua_pushlightuserdata(L, &budget);
  lua_pushcclosure(L, sort, 1);
  lua_setfield(L, -2, "sort");
}

} // namespace flowactors
