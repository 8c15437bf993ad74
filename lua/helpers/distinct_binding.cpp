#include "lua/helpers/binding.hpp"
#include "lua/helpers/distinct.hpp"
#include "lua/helpers/helpers.hpp"

namespace flowactors {

namespace {

using namespace binding;

constexpr char helper[] = "distinct";

// distinct{window =, max_keys =, precision =, from =}
int make_one(lua_State* L) {
  using enum option::kind;
  option from[] = {{"window", seconds, 0, 1e8, 60},
                   {"max_keys", whole, 1, 1 << 24, 4096},
                   {"precision", whole, 4, 16, 12}};
  read_options(L, helper, from);
  if (from[0].value != 0 && from[0].value < 0.001)
    return luaL_error(L, "%s: option 'window': 0 or at least 0.001 seconds was expected, got %f",
                      helper, from[0].value);
  make<distinct>(L, helper, distinct::options{from[0].ns(), from[1].number(), from[2].number()});
  return 1;
}

// distinct:add(key, value [, when]) -> number
int add(lua_State* L) {
  constexpr char who[] = "distinct:add";
  auto& it = self<distinct>(L, who);
  const scalar_argument key{L, 2, who, "key"}, value{L, 3, who, "value"};
  const auto number = it.helper.add(key, value, time_argument(L, 4, who, it.memory));
  if (!number)
    raise_full(L, who, it.memory);
  lua_pushnumber(L, *number);
  return 1;
}

// distinct:count(key [, when]) -> number
int count(lua_State* L) {
  constexpr char who[] = "distinct:count";
  auto& it = self<distinct>(L, who);
  const scalar_argument key{L, 2, who, "key"};
  lua_pushnumber(L, it.helper.count(key, time_argument(L, 3, who, it.memory)));
  return 1;
}

constexpr luaL_Reg methods[] = {{"add", add},
                                {"count", count},
                                {"size", size<distinct>},
                                {"clear", clear<distinct>},
                                {"evicted", evicted<distinct>},
                                {"save", save<distinct>}};

} // namespace

void push_distinct(lua_State* L, helper_memory& memory) {
  push_maker(L, memory, helper, make_one, collect<distinct>, methods);
}

} // namespace flowactors
