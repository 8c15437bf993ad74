// Any calls of the native helpers with any arguments: a result or a Lua error, never a crash, and
// memory within its bound.
#include "lua/helpers/helpers.hpp"

#include "tests/fuzz/choices.hpp"

#include <lua.hpp>

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>

using namespace flowactors;
using fuzz::choices;

namespace {

constexpr size_t most_bytes = 1u << 20;

constexpr const char* makers[] = {"window_counter", "distinct",     "top_k",
                                  "expiring_set",   "expiring_map", "prefix_set"};
constexpr const char* methods[] = {"add", "count",  "size", "clear", "evicted", "save", "set",
                                   "get", "remove", "has",  "match", "list",    "total"};
constexpr const char* options[] = {"window", "buckets", "max_keys", "precision", "ttl",
                                   "max",    "refresh", "k",        "from"};
constexpr const char* texts[] = {"10.0.0.0/8", "2001:db8::/32", "10.1.2.3", "::1", "", "a"};
constexpr double numbers[] = {0,
                              1,
                              -1,
                              0.5,
                              60,
                              1e8,
                              1e9,
                              1e308,
                              -1e308,
                              16777216,
                              4294967296.0,
                              std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::quiet_NaN()};

void push_value(lua_State* L, choices& from, int objects, int depth) {
  luaL_checkstack(L, 8, "");
  switch (from.below(9)) {
    case 0:
      lua_pushnil(L);
      break;
    case 1:
      lua_pushboolean(L, static_cast<int>(from.below(2)));
      break;
    case 2:
      lua_pushnumber(L, numbers[from.below(std::size(numbers))]);
      break;
    case 3:
      lua_pushnumber(L, static_cast<double>(from.below(256)));
      break;
    case 4:
      lua_pushstring(L, texts[from.below(std::size(texts))]);
      break;
    case 5: {
      const std::string_view text = from.bytes();
      lua_pushlstring(L, text.data(), text.size());
      break;
    }
    case 6:
      lua_rawgeti(L, objects, 1 + static_cast<int>(from.below(4)));
      break;
    case 7:
      lua_getglobal(L, "print");
      break;
    default: {
      lua_newtable(L);
      for (size_t i = depth < 2 ? from.below(4) : 0; i > 0; --i) {
        if (from.below(2) == 0)
          lua_pushstring(L, options[from.below(std::size(options))]);
        else
          lua_pushnumber(L, static_cast<double>(from.below(4)));
        push_value(L, from, objects, depth + 1);
        lua_settable(L, -3);
      }
    }
  }
}

// Upvalue 1: the choices. Stack: makers, objects.
int play(lua_State* L) {
  auto& from = *static_cast<choices*>(lua_touserdata(L, lua_upvalueindex(1)));
  const bool make = from.below(4) == 0;
  const int slot = 1 + static_cast<int>(from.below(4));
  lua_rawgeti(L, 2, slot);
  const bool empty = lua_isnil(L, -1);
  int given = 0;
  if (make || empty) {
    lua_getfield(L, 1, makers[from.below(std::size(makers))]);
  } else {
    lua_getfield(L, -1, methods[from.below(std::size(methods))]);
    if (from.below(8) != 0) { // sometimes without the object itself
      lua_pushvalue(L, -2);
      ++given;
    }
  }
  for (size_t i = from.below(5); i > 0; --i, ++given)
    push_value(L, from, 2, 0);
  lua_call(L, given, 1);
  lua_rawseti(L, 2, slot);
  return 0;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  choices from{data, size};
  int64_t now = 0;
  helper_memory memory{most_bytes};
  memory.now_ns = &now;
  lua_State* L = luaL_newstate();
  luaL_openlibs(L);
  luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  push_helpers(L, memory);
  lua_newtable(L);
  for (int calls = 0; calls < 64 && !from.empty(); ++calls) {
    lua_pushlightuserdata(L, &from);
    lua_pushcclosure(L, play, 1);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    (void)lua_pcall(L, 2, 0, 0);
    lua_settop(L, 2);
    now += static_cast<int64_t>(from.below(256)) * 1'000'000'000;
    if (memory.used > most_bytes)
      std::abort();
  }
  lua_close(L);
  if (memory.used != 0)
    std::abort();
  return 0;
}
