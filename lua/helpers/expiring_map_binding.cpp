#include "lua/helpers/binding.hpp"
#include "lua/helpers/expiring_map.hpp"
#include "lua/helpers/helpers.hpp"

namespace flowactors {

namespace {

using namespace binding;

constexpr char helper[] = "expiring_map";

// expiring_map{ttl =, max =, from =}
int make_one(lua_State* L) {
  using enum option::kind;
  option from[] = {{"ttl", seconds, 0, 1e9, 300}, {"max", whole, 1, 1 << 24, 65536}};
  read_options(L, helper, from);
  make<expiring_map>(L, helper, expiring_map::options{from[0].ns(), from[1].number()});
  return 1;
}

// map:set(key, value [, when])
int set(lua_State* L) {
  constexpr char who[] = "expiring_map:set";
  auto& it = self<expiring_map>(L, who);
  const scalar_argument key{L, 2, who, "key"};
  if (lua_istable(L, 3))
    return luaL_error(L,
                      "%s: argument 2 (value): a string, a number or a boolean was expected, got "
                      "table (json.encode makes a string of it)",
                      who);
  if (lua_isnoneornil(L, 3))
    return luaL_error(L,
                      "%s: argument 2 (value): a string, a number or a boolean was expected, got "
                      "nil (remove(key) takes a key out)",
                      who);
  const scalar_argument value{L, 3, who, "value", true};
  if (!it.helper.set(key, value, time_argument(L, 4, who, it.memory)))
    raise_full(L, who, it.memory);
  return 0;
}

// map:get(key [, when]) -> value or nil
int get(lua_State* L) {
  constexpr char who[] = "expiring_map:get";
  auto& it = self<expiring_map>(L, who);
  const scalar_argument key{L, 2, who, "key"};
  push_scalar(L, it.helper.get(key, time_argument(L, 3, who, it.memory)));
  return 1;
}

// map:remove(key [, when]) -> true if it was there
int remove(lua_State* L) {
  constexpr char who[] = "expiring_map:remove";
  auto& it = self<expiring_map>(L, who);
  const scalar_argument key{L, 2, who, "key"};
  lua_pushboolean(L, it.helper.remove(key, time_argument(L, 3, who, it.memory)));
  return 1;
}

constexpr luaL_Reg methods[] = {{"set", set},
                                {"get", get},
                                {"remove", remove},
                                {"size", size<expiring_map>},
                                {"clear", clear<expiring_map>},
                                {"evicted", evicted<expiring_map>},
                                {"save", save<expiring_map>}};

} // namespace

void push_expiring_map(lua_State* L, helper_memory& memory) {
  push_maker(L, memory, helper, make_one, collect<expiring_map>, methods);
}

} // namespace flowactors
