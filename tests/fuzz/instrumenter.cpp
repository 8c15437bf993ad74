// Any text: Lua that is accepted as it stands is accepted with the countdown in it, or is refused
// with a reason, and does the same.
#include "tests/lua/instrumented.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace flowactors;
using namespace flowactors::test;

namespace {

constexpr int instructions = 3000;

// What gives the same in two states, and ends soon.
constexpr const char* keep_few = R"(
local g, next, few = _G, next, {}
for name in ("print pcall select type setmetatable getmetatable ipairs error"):gmatch("%a+") do few[name] = g[name] end
few.coroutine = {create = coroutine.create, resume = coroutine.resume, yield = coroutine.yield, wrap = coroutine.wrap}
for _, name in ipairs {"find", "match", "gmatch", "gsub", "rep", "format", "dump"} do string[name] = nil end
for name in next, g do g[name] = nil end
for name, value in next, few do g[name] = value end
)";

struct bounded_heap {
  lua_Alloc real;
  void* data;
  size_t left = 16u << 20;

  static void* allocate(void* self, void* block, size_t old_size, size_t size) {
    auto& heap = *static_cast<bounded_heap*>(self);
    if (size > old_size && size - old_size > heap.left)
      return nullptr; // the interpreter bears it; compiled code does not
    heap.left -= size - old_size;
    return heap.real(heap.data, block, old_size, size);
  }
};

// Once over, at every instruction, so that no pcall goes on.
void expire(lua_State* L, lua_Debug*) {
  lua_sethook(L, expire, LUA_MASKCOUNT, 1);
  luaL_error(L, "instructions are over");
}

lua_run::outcome run(std::string_view text, bool instrumented) {
  bounded_heap heap{};
  lua_run run{false, 1000, 1000};
  lua_State* L = run.state();
  if (luaL_dostring(L, keep_few) != 0)
    std::abort();
  heap.real = lua_getallocf(L, &heap.data);
  lua_setallocf(L, bounded_heap::allocate, &heap);
  if (!instrumented)
    lua_sethook(L, expire, LUA_MASKCOUNT, instructions);
  const auto out = instrumented ? run.instrumented(text) : run.plain(text);
  lua_sethook(L, nullptr, 0, 0);
  lua_setallocf(L, heap.real, heap.data);
  return out;
}

// Ends that depend on room, which the checks take a little of.
bool ended_by_room(const lua_run::outcome& of) {
  for (const char* sign : {"instructions are over", "memory", "overflow", "out of turns"})
    if (of.message.find(sign) != std::string::npos || of.printed.find(sign) != std::string::npos)
      return true;
  return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  (void)instrument(text, "=t"); // no Lua, no harm
  const auto plain = run(text, false);
  if (!plain.loaded || ended_by_room(plain))
    return 0;
  const auto checked = run(text, true);
  if (ended_by_room(checked))
    return 0;
  if (!checked.loaded) {
    for (const char* reason :
         {"reserved", "as a name", "upvalues", "levels", "too long", "too complex"})
      if (checked.message.find(reason) != std::string::npos)
        return 0;
  } else if (checked.done == plain.done && checked.printed == plain.printed
             && checked.message == plain.message) {
    return 0;
  }
  std::fprintf(stderr, "plain:   %d %s %s\nchecked: %d %s %s\n", plain.done, plain.message.c_str(),
               plain.printed.c_str(), checked.done, checked.message.c_str(),
               checked.printed.c_str());
  std::abort();
}
