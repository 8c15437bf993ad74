// What a call of a native helper costs a script, with and without the compiler: nanoseconds, the
// best of five runs, the loop around it taken off.

#include "lua/helpers/helpers.hpp"

#include "lua/cache_functions.hpp"
#include "lua/chunks.hpp"
#include "lua/helpers/compiled_calls.hpp"
#include "lua/helpers/json.hpp"

#include <lua.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace flowactors;

namespace {

struct work {
  const char* name;
  const char* prepare;
  const char* call; // with `k`: one of a thousand addresses, and `i`: the turn
};

constexpr work works[] = {
  {"window_counter:add, 1000 keys", "h = window_counter{window = 60}", "h:add(k)"},
  {"window_counter:add, 65536 keys", "h = window_counter{window = 60}", "h:add(i % 65536)"},
  {"window_counter:count", "h = window_counter{} for i = 1, 1000 do h:add(keys[i]) end",
   "h:count(k)"},
  {"distinct:add, exact", "h = distinct{}", "h:add(k, i % 32)"},
  {"distinct:add, estimated", "h = distinct{precision = 8}", "h:add(k, i)"},
  {"top_k:add, all fit", "h = top_k{k = 1000}", "h:add(k)"},
  {"top_k:add, one in ten fits", "h = top_k{k = 100}", "h:add(k)"},
  {"expiring_set:add", "h = expiring_set{ttl = 300}", "h:add(k)"},
  {"expiring_set:has", "h = expiring_set{} for i = 1, 1000 do h:add(keys[i]) end", "h:has(k)"},
  {"expiring_map:set, short text", "h = expiring_map{ttl = 300}", "h:set(k, 'value')"},
  {"expiring_map:get, short text",
   "h = expiring_map{} for i = 1, 1000 do h:set(keys[i], 'value') end", "h:get(k)"},
  {"prefix_set:match, 3 networks", "h = prefix_set{'10.0.0.0/8', '192.168.0.0/16', 'fd00::/8'}",
   "h:match(k)"},
  {"prefix_set:match, 100000 networks",
   "h = prefix_set() for i = 1, 100000 do h:add(('%d.%d.%d.0/24'):format(i % 223 + 1, i % 251, "
   "i % 241)) end for i = 1, 1000 do keys[i] = ('%d.%d.%d.7'):format(i % 223 + 1, i % 251, i % "
   "241) end",
   "h:match(k)"},
  {"ntop.getCache", "for i = 1, 1000 do cache.setCache(keys[i], 'value') end h = cache.getCache",
   "h(k)"},
  {"ntop.setCache", "h = cache.setCache", "h(k, 'value')"},
  {"ntop.setHashCache", "h = cache.setHashCache", "h('hosts', k, 'value')"},
  {"json.encode, 8 fields",
   "t = {a = 1, b = 2, c = 'text', d = true, e = 'x', f = 1.5, g = 7, "
   "h = {1, 2}}",
   "json.encode(t)"},
  {"json.decode, 8 fields",
   "t = json.encode{a = 1, b = 2, c = 'text', d = true, e = 'x', f = 1.5, "
   "g = 7, h = {1, 2}}",
   "json.decode(t)"},
};

int64_t now_ns = 1'700'000'000'000'000'000;

// As chunks/start.lua does; the helpers are on top of the stack.
void use_compiled_calls(lua_State* L) {
  if (luaL_loadbuffer(L, chunks::helpers, sizeof(chunks::helpers) - 1, "=helpers") != 0)
    std::exit(1);
  lua_newtable(L);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "helpers");
  push_compiled_calls(L);
  lua_call(L, 1, 0);
}

double run_ns(lua_State* L, int turns) {
  double best = 1e9;
  for (int repeat = 0; repeat < 5; ++repeat) {
    lua_getglobal(L, "run");
    lua_pushinteger(L, turns);
    const auto start = std::chrono::steady_clock::now();
    if (lua_pcall(L, 1, 0, 0) != 0) {
      std::fprintf(stderr, "%s\n", lua_tostring(L, -1));
      std::exit(1);
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / turns);
    now_ns += 7'000'000'000;
  }
  return best;
}

enum way { compiled, compiled_c, interpreted };

double cost_ns(const work& what, const char* call, way how) {
  helper_memory memory;
  memory.now_ns = &now_ns;
  lua_State* L = luaL_newstate();
  luaL_openlibs(L);
  luaJIT_setmode(L, 0,
                 LUAJIT_MODE_ENGINE | (how != interpreted ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
  cache_state cache;
  cache.store = std::make_shared<value_store>();
  lua_newtable(L);
  push_cache_functions(L, cache);
  lua_getfield(L, -1, "cache");
  lua_setglobal(L, "cache");
  push_json(L);
  lua_setglobal(L, "json");
  push_helpers(L, memory);
  if (how == compiled)
    use_compiled_calls(L);
  lua_pushnil(L);
  while (lua_next(L, -2) != 0)
    lua_setglobal(L, lua_tostring(L, -2));
  const std::string text = std::string{"keys = {} for i = 1, 1000 do keys[i] = '10.0.' .. i % 7 .. "
                                       "'.' .. i % 251 end "}
                           + what.prepare
                           + " local h, t, keys = h, t, keys function run(n) for i = 1, n do local "
                             "k = keys[i % 1000 + 1] "
                           + call + " end end";
  if (luaL_dostring(L, text.c_str()) != 0) {
    std::fprintf(stderr, "%s\n", lua_tostring(L, -1));
    std::exit(1);
  }
  const double best = run_ns(L, 200'000);
  lua_close(L);
  return best;
}

} // namespace

int main() {
  std::printf("%-36s %10s %16s %12s\n", "ns a call", "compiled", "compiled, by C", "interpreted");
  for (const work& what : works) {
    double cost[3];
    for (const way how : {compiled, compiled_c, interpreted})
      cost[how] = cost_ns(what, what.call, how) - cost_ns(what, "", how);
    std::printf("%-36s %10.0f %16.0f %12.0f\n", what.name, cost[compiled], cost[compiled_c],
                cost[interpreted]);
  }
}
