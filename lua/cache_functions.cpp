#include "lua/cache_functions.hpp"

#include "lua/limit_error.hpp"

#include <lua.hpp>

#include <algorithm>

// A Lua error unwinds these functions without running destructors: what they hold is in the
// cache_state.

namespace flowactors {

namespace {

cache_state& cache_of(lua_State* L) {
  return *static_cast<cache_state*>(lua_touserdata(L, lua_upvalueindex(1)));
}

// The function's name, for messages.
const char* name_of(lua_State* L) {
  return lua_tostring(L, lua_upvalueindex(2));
}

std::string_view text_at(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TSTRING && lua_type(L, index) != LUA_TNUMBER)
    luaL_error(L, "bad argument #%d to '%s' (string expected, got %s)", index, name_of(L),
               lua_isnoneornil(L, index) ? "nil" : luaL_typename(L, index));
  size_t size = 0;
  const char* const text = lua_tolstring(L, index, &size);
  return {text, size};
}

// Not a number counts as the least.
double bounded(double value, double least, double most) {
  return value >= least ? std::min(value, most) : least;
}

int push_nil(lua_State* L) {
  lua_pushnil(L);
  return 1;
}

int push_text(lua_State* L, std::string_view text) {
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

// Every thousand values: the time may be over.
void look_up(lua_State* L, size_t number) {
  if (number % 1024 == 1023)
    check_limits(L);
}

// True if there is an answer.
bool has_answer(lua_State* L, value_store::answer given) {
  if (given == value_store::answer::too_large)
    raise_limit(L, "string", "ntop's cache gives no answer that large");
  return given == value_store::answer::given;
}

// Pushes a table of names, each with an empty text, as 2017 gave sets of keys.
int push_names(lua_State* L, std::vector<std::string>& names) {
  lua_createtable(L, 0, static_cast<int>(names.size()));
  for (size_t i = 0; i < names.size(); ++i) {
    push_text(L, names[i]);
    push_text(L, "");
    lua_rawset(L, -3);
    look_up(L, i);
  }
  names.clear();
  return 1;
}

int push_list(lua_State* L, std::vector<std::string>& items) {
  lua_createtable(L, static_cast<int>(items.size()), 0);
  for (size_t i = 0; i < items.size(); ++i) {
    push_text(L, items[i]);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
    look_up(L, i);
  }
  items.clear();
  return 1;
}

void note(cache_state& cache, bool stored) {
  if (stored || cache.told_full)
    return;
  cache.told_full = true;
  const auto& most = cache.store->most();
  cache.text = "the scripts' cache is full (" + std::to_string(most.entries) + " entries, "
               + std::to_string(most.bytes >> 20)
               + " MiB at most): what does not fit from now on is lost";
  cache.output->log(script_output::level::warning, "", cache.text);
}

int get_cache(lua_State* L) {
  cache_state& cache = cache_of(L);
  const bool found = cache.store->get(text_at(L, 1), cache.text);
  return push_text(L, found ? cache.text : std::string_view{""});
}

// setCache(key, value [, seconds]) -> value
int set_cache(lua_State* L) {
  cache_state& cache = cache_of(L);
  const std::string_view key = text_at(L, 1), value = text_at(L, 2);
  const double seconds = bounded(lua_tonumber(L, 3), 0.0, 4e9);
  note(cache, cache.store->set(key, value, static_cast<int64_t>(seconds * 1e9)));
  return push_text(L, value);
}

int del_cache(lua_State* L) {
  cache_of(L).store->remove(text_at(L, 1));
  return 0;
}

int get_keys(lua_State* L) {
  cache_state& cache = cache_of(L);
  return has_answer(L, cache.store->keys_like(text_at(L, 1), cache.list))
           ? push_names(L, cache.list)
           : push_nil(L);
}

int get_hash(lua_State* L) {
  cache_state& cache = cache_of(L);
  const std::string_view key = text_at(L, 1), field = text_at(L, 2);
  const bool found = cache.store->hash_get(key, field, cache.text);
  return push_text(L, found ? cache.text : std::string_view{""});
}

// setHashCache(key, field, value) -> value
int set_hash(lua_State* L) {
  cache_state& cache = cache_of(L);
  const std::string_view key = text_at(L, 1), field = text_at(L, 2), value = text_at(L, 3);
  note(cache, cache.store->hash_set(key, field, value));
  return push_text(L, value);
}

int del_hash(lua_State* L) {
  const std::string_view key = text_at(L, 1), field = text_at(L, 2);
  cache_of(L).store->hash_remove(key, field);
  return 0;
}

int get_hash_all(lua_State* L) {
  cache_state& cache = cache_of(L);
  if (!has_answer(L, cache.store->hash_all(text_at(L, 1), cache.pairs)))
    return push_nil(L);
  lua_createtable(L, 0, static_cast<int>(cache.pairs.size()));
  for (size_t i = 0; i < cache.pairs.size(); ++i) {
    push_text(L, cache.pairs[i].first);
    push_text(L, cache.pairs[i].second);
    lua_rawset(L, -3);
    look_up(L, i);
  }
  cache.pairs.clear();
  return 1;
}

int get_hash_keys(lua_State* L) {
  cache_state& cache = cache_of(L);
  if (!has_answer(L, cache.store->hash_all(text_at(L, 1), cache.pairs)))
    return push_nil(L);
  cache.list.clear();
  for (auto& pair : cache.pairs)
    cache.list.push_back(std::move(pair.first));
  cache.pairs.clear();
  return push_names(L, cache.list);
}

int set_members(lua_State* L) {
  cache_state& cache = cache_of(L);
  const std::string_view key = text_at(L, 1), member = text_at(L, 2);
  note(cache, cache.store->set_add(key, member));
  return 0;
}

int del_members(lua_State* L) {
  const std::string_view key = text_at(L, 1), member = text_at(L, 2);
  cache_of(L).store->set_remove(key, member);
  return 0;
}

int get_members(lua_State* L) {
  cache_state& cache = cache_of(L);
  return has_answer(L, cache.store->set_all(text_at(L, 1), cache.list)) ? push_list(L, cache.list)
                                                                        : push_nil(L);
}

// lpushCache(list, value [, longest]) -> value
int push_item(lua_State* L) {
  cache_state& cache = cache_of(L);
  const std::string_view key = text_at(L, 1), value = text_at(L, 2);
  const size_t longest = lua_isnumber(L, 3) != 0
                           ? static_cast<size_t>(bounded(lua_tonumber(L, 3), 0.0, 1e15))
                           : SIZE_MAX;
  note(cache, cache.store->list_push(key, value, longest));
  return push_text(L, value);
}

int pop_item(lua_State* L) {
  cache_state& cache = cache_of(L);
  return cache.store->list_pop(text_at(L, 1), cache.text) ? push_text(L, cache.text) : push_nil(L);
}

// lrangeCache(list [, from [, to]]) -> array
int list_items(lua_State* L) {
  cache_state& cache = cache_of(L);
  const auto place = [L](int index, double otherwise) {
    const double given = lua_isnumber(L, index) != 0 ? lua_tonumber(L, index) : otherwise;
    return static_cast<int64_t>(bounded(given, -1e15, 1e15));
  };
  const bool found =
    has_answer(L, cache.store->list_range(text_at(L, 1), place(2, 0), place(3, -1), cache.list));
  return found ? push_list(L, cache.list) : push_nil(L);
}

constexpr luaL_Reg functions[] = {{"getCache", get_cache},
                                  {"setCache", set_cache},
                                  {"delCache", del_cache},
                                  {"getKeysCache", get_keys},
                                  {"getHashCache", get_hash},
                                  {"setHashCache", set_hash},
                                  {"delHashCache", del_hash},
                                  {"getHashAllCache", get_hash_all},
                                  {"getHashKeysCache", get_hash_keys},
                                  {"setMembersCache", set_members},
                                  {"delMembersCache", del_members},
                                  {"getMembersCache", get_members},
                                  {"lpushCache", push_item},
                                  {"lpopCache", pop_item},
                                  {"lrangeCache", list_items}};

} // namespace

void push_cache_functions(lua_State* L, cache_state& cache) {
  lua_newtable(L);
  for (const luaL_Reg& entry : functions) {
    lua_pushlightuserdata(L, &cache);
    lua_pushstring(L, entry.name);
    lua_pushcclosure(L, entry.func, 2);
    lua_setfield(L, -2, entry.name);
  }
  lua_setfield(L, -2, "cache");
}

} // namespace flowactors
