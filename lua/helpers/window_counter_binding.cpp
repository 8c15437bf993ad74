#include "lua/helpers/binding.hpp"
#include "lua/helpers/helpers.hpp"
#include "lua/helpers/window_counter.hpp"

namespace flowactors {

namespace {

using namespace binding;

constexpr char helper[] = "window_counter";

// window_counter{window =, buckets =, max_keys =, from =}
int make_one(lua_State* L) {
  using enum option::kind;
  option from[] = {{"window", seconds, 0.001, 1e8, 60},
                   {"buckets", whole, 1, 3600, 12},
                   {"max_keys", whole, 1, 1 << 24, 65536}};
  read_options(L, helper, from);
  make<window_counter>(L, helper,
                       window_counter::options{from[0].ns(), from[1].number(), from[2].number()});
  return 1;
}

// counter:add(key [, n [, when]]) -> sum
int add(lua_State* L) {
  constexpr char who[] = "window_counter:add";
  auto& it = self<window_counter>(L, who);
  const scalar_argument key{L, 2, who, "key"};
  const double n = number_argument(L, 3, who, "n", 1);
  const auto sum = it.helper.add(key, n, time_argument(L, 4, who, it.memory));
  if (!sum)
    raise_full(L, who, it.memory);
  lua_pushnumber(L, *sum);
  return 1;
}

// counter:count(key [, when]) -> sum
int count(lua_State* L) {
  constexpr char who[] = "window_counter:count";
  auto& it = self<window_counter>(L, who);
  const scalar_argument key{L, 2, who, "key"};
  lua_pushnumber(L, it.helper.count(key, time_argument(L, 3, who, it.memory)));
  return 1;
}

constexpr luaL_Reg methods[] = {{"add", add},
                                {"count", count},
                                {"size", size<window_counter>},
                                {"clear", clear<window_counter>},
                                {"evicted", evicted<window_counter>},
                                {"save", save<window_counter>}};

} // namespace

void push_window_counter(lua_State* L, helper_memory& memory) {
  push_maker(L, memory, helper, make_one, collect<window_counter>, methods);
}

} // namespace flowactors
