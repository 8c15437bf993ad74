#include "lua/helpers/binding.hpp"
#include "lua/helpers/helpers.hpp"
#include "lua/helpers/prefix_set.hpp"

namespace flowactors {

namespace {

using namespace binding;

constexpr char helper[] = "prefix_set";

std::string_view text_at(lua_State* L, int index) {
  size_t size = 0;
  const char* const text = lua_tolstring(L, index, &size);
  return {text, size};
}

ip_prefix network_at(lua_State* L, int index, const char* who) {
  ip_prefix out;
  if (lua_type(L, index) != LUA_TSTRING)
    luaL_error(L, "%s: a network such as '10.0.0.0/8' was expected, got %s", who,
               type_name(L, index));
  if (!read_prefix(text_at(L, index), out))
    luaL_error(L, "%s: a network such as '10.0.0.0/8' or '2001:db8::/32' was expected, got '%s'",
               who, lua_tostring(L, index));
  return out;
}

void add_to(lua_State* L, object<prefix_set>& it, const char* who, const ip_prefix& network,
            scalar label) {
  if (!it.helper.add(network, label))
    raise_full(L, who, it.memory);
}

// prefix_set{"10.0.0.0/8", ["192.168.0.0/16"] = label, from =}
int make_one(lua_State* L) {
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  }
  if (!lua_istable(L, 1))
    return luaL_error(L, "%s: a list of networks was expected, got %s", helper, type_name(L, 1));
  auto& it = make<prefix_set>(L, helper);
  lua_insert(L, 1);
  lua_settop(L, 2); // the object, the list
  // Those of the list first and in order, so that equal lists give equal sets.
  const auto count = static_cast<int>(lua_objlen(L, 2));
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(L, 2, i);
    add_to(L, it, helper, network_at(L, -1, helper), {});
    lua_pop(L, 1);
  }
  for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TNUMBER && lua_tonumber(L, -2) >= 1 && lua_tonumber(L, -2) <= count)
      continue;
    if (lua_type(L, -2) == LUA_TSTRING && text_at(L, -2) == "from")
      continue;
    const ip_prefix network = network_at(L, -2, helper);
    if (lua_istable(L, -1) || lua_isfunction(L, -1) || lua_isuserdata(L, -1))
      return luaL_error(L, "%s: a label is a string, a number or a boolean, got %s", helper,
                        type_name(L, -1));
    const scalar_argument label{L, lua_gettop(L), helper, "label", true};
    add_to(L, it, helper, network, label);
  }
  lua_settop(L, 1);
  return 1;
}

// set:add(cidr [, label])
int add(lua_State* L) {
  constexpr char who[] = "prefix_set:add";
  auto& it = self<prefix_set>(L, who);
  const ip_prefix network = network_at(L, 2, who);
  if (lua_isnoneornil(L, 3)) {
    add_to(L, it, who, network, {});
    return 0;
  }
  const scalar_argument label{L, 3, who, "label", true};
  add_to(L, it, who, network, label);
  return 0;
}

// set:remove(cidr) -> true if it was there
int remove(lua_State* L) {
  constexpr char who[] = "prefix_set:remove";
  auto& it = self<prefix_set>(L, who);
  lua_pushboolean(L, it.helper.remove(network_at(L, 2, who)));
  return 1;
}

// set:match(ip) -> label, or the network, or nil
int match(lua_State* L) {
  constexpr char who[] = "prefix_set:match";
  auto& it = self<prefix_set>(L, who);
  if (lua_type(L, 2) != LUA_TSTRING)
    return luaL_error(L, "%s: argument 1 (ip): an address was expected, got %s", who,
                      type_name(L, 2));
  ip_prefix address;
  const uint32_t found =
    read_address(text_at(L, 2), address) ? it.helper.match(address) : prefix_set::none;
  if (found == prefix_set::none) {
    lua_pushnil(L);
  } else if (const scalar label = it.helper.label(found); label.kind != scalar_kind::none) {
    push_scalar(L, label);
  } else {
    char text[prefix_text_size];
    lua_pushlstring(L, text, write_prefix(it.helper.network(found), text));
  }
  return 1;
}

// set:size() -> networks
int networks(lua_State* L) {
  lua_pushnumber(L, self<prefix_set>(L, "prefix_set:size").helper.size());
  return 1;
}

constexpr luaL_Reg methods[] = {{"add", add},
                                {"match", match},
                                {"remove", remove},
                                {"size", networks},
                                {"clear", clear<prefix_set>},
                                {"save", save<prefix_set>}};

} // namespace

void push_prefix_set(lua_State* L, helper_memory& memory) {
  push_maker(L, memory, helper, make_one, collect<prefix_set>, methods);
}

} // namespace flowactors
