#include "lua/helpers/binding.hpp"
#include "lua/helpers/expiring_set.hpp"
#include "lua/helpers/helpers.hpp"

namespace flowactors {

namespace {

using namespace binding;

constexpr char helper[] = "expiring_set";

// expiring_set{ttl =, max =, refresh =, from =}
int make_one(lua_State* L) {
  using enum option::kind;
  option from[] = {
    {"ttl", seconds, 0, 1e9, 300}, {"max", whole, 1, 1 << 24, 65536}, {"refresh", flag, 0, 1, 1}};
  read_options(L, helper, from);
  make<expiring_set>(L, helper,
                     expiring_set::options{from[0].ns(), from[1].number(), from[2].value != 0});
  return 1;
}

// set:add(key [, when]) -> true if it is new
int add(lua_State* L) {
  constexpr char who[] = "expiring_set:add";
  auto& it = self<expiring_set>(L, who);
  const scalar_argument key{L, 2, who, "key"};
  const auto is_new = it.helper.add(key, time_argument(L, 3, who, it.memory));
  if (!is_new)
    raise_full(L, who, it.memory);
  lua_pushboolean(L, *is_new);
  return 1;
}

// set:has(key [, when]) -> boolean
int has(lua_State* L) {
  constexpr char who[] = "expiring_set:has";
  auto& it = self<expiring_set>(L, who);
  const scalar_argument key{L, 2, who, "key"};
  lua_pushboolean(L, it.helper.has(key, time_argument(L, 3, who, it.memory)));
  return 1;
}

// set:remove(key [, when]) -> true if it was there
int remove(lua_State* L) {
  constexpr char who[] = "expiring_set:remove";
  auto& it = self<expiring_set>(L, who);
  const scalar_argument key{L, 2, who, "key"};
  lua_pushboolean(L, it.helper.remove(key, time_argument(L, 3, who, it.memory)));
  return 1;
}

constexpr luaL_Reg methods[] = {{"add", add},
                                {"has", has},
                                {"remove", remove},
                                {"size", size<expiring_set>},
                                {"clear", clear<expiring_set>},
                                {"evicted", evicted<expiring_set>},
                                {"save", save<expiring_set>}};

} // namespace

void push_expiring_set(lua_State* L, helper_memory& memory) {
  push_maker(L, memory, helper, make_one, collect<expiring_set>, methods);
}

} // namespace flowactors
