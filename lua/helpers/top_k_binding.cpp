#include "lua/helpers/binding.hpp"
#include "lua/helpers/helpers.hpp"
#include "lua/helpers/top_k.hpp"
#include "lua/limit_error.hpp"

#include <algorithm>

namespace flowactors {

namespace {

using namespace binding;

constexpr char helper[] = "top_k";

// top_k{k =, from =}
int make_one(lua_State* L) {
  option from[] = {{"k", option::kind::whole, 1, 65536, 100}};
  read_options(L, helper, from);
  make<top_k>(L, helper, from[0].number());
  return 1;
}

// top:add(key [, n])
int add(lua_State* L) {
  constexpr char who[] = "top_k:add";
  auto& it = self<top_k>(L, who);
  const scalar_argument key{L, 2, who, "key"};
  const double n = number_argument(L, 3, who, "n", 1);
  if (n < 0)
    return luaL_error(L, "%s: argument 2 (n): 0 or more was expected, got %f", who, n);
  if (!it.helper.add(key, n))
    raise_full(L, who, it.memory);
  return 0;
}

// top:list([n]) -> {{key =, count =, error =}, ...}
int list(lua_State* L) {
  constexpr char who[] = "top_k:list";
  auto& it = self<top_k>(L, who);
  const double most = number_argument(L, 2, who, "n", it.helper.size());
  const uint32_t* const order = it.helper.sorted();
  if (order == nullptr && it.helper.size() != 0)
    raise_full(L, who, it.memory);
  const auto shown = static_cast<int>(std::clamp<double>(most, 0, it.helper.size()));
  lua_createtable(L, shown, 0);
  for (int i = 0; i < shown; ++i) {
    const top_k::item& item = it.helper.at(order[i]);
    lua_createtable(L, 0, 3);
    push_scalar(L, it.helper.key(order[i]));
    lua_setfield(L, -2, "key");
    lua_pushnumber(L, item.count);
    lua_setfield(L, -2, "count");
    lua_pushnumber(L, item.error);
    lua_setfield(L, -2, "error");
    lua_rawseti(L, -2, i + 1);
    if (i % 256 == 255)
      check_limits(L);
  }
  return 1;
}

// top:size() -> keys
int keys(lua_State* L) {
  lua_pushnumber(L, self<top_k>(L, "top_k:size").helper.size());
  return 1;
}

// top:total() -> sum of all that was added
int total(lua_State* L) {
  lua_pushnumber(L, self<top_k>(L, "top_k:total").helper.total());
  return 1;
}

constexpr luaL_Reg methods[] = {{"add", add},     {"list", list},          {"size", keys},
                                {"total", total}, {"clear", clear<top_k>}, {"save", save<top_k>}};

} // namespace

void push_top_k(lua_State* L, helper_memory& memory) {
  push_maker(L, memory, helper, make_one, collect<top_k>, methods);
}

} // namespace flowactors
