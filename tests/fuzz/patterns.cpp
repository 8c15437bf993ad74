// Any pattern on any text: the bounded functions give what Lua's own give, or are over budget.
// Input: a byte that chooses, a byte with the pattern's length, the pattern, the subject.
#include "lua/bounded_library.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace flowactors;

namespace {

// compare(bounded, choice, pattern, subject) -> true, or false and what differs
constexpr const char* compare_text = R"(
local own, pcall, select, tostring, type = string, pcall, select, tostring, type
local limits = "limit: "
local calls = {
  function(s, subject, pattern) return s.find(subject, pattern) end,
  function(s, subject, pattern) return s.match(subject, pattern, 2) end,
  function(s, subject, pattern) return s.find(subject, pattern, -3, #pattern % 2 == 0) end,
  function(s, subject, pattern) return s.gsub(subject, pattern, "<%0>") end,
  function(s, subject, pattern) return s.gsub(subject, pattern, "%1", 2) end,
  function(s, subject, pattern) return s.gsub(subject, pattern, {a = "b", [""] = 1}) end,
  function(s, subject, pattern) return s.gsub(subject, pattern, function(...) return select("#", ...) end) end,
  function(s, subject, pattern)
    local out, n = "", 0
    for a, b in s.gmatch(subject, pattern) do
      out, n = out .. "|" .. tostring(a) .. "," .. tostring(b), n + 1
      if n > 100 then break end
    end
    return out
  end,
}
local function show(...)
  local out = ""
  for i = 1, select("#", ...) do out = out .. " " .. type((select(i, ...))) .. ":" .. tostring((select(i, ...))) end
  return out
end
return function(bounded, choice, pattern, subject)
  local call = calls[choice % #calls + 1]
  local found = show(pcall(call, bounded, subject, pattern))
  if own.find(found, limits, 1, true) then return true end
  local expected = show(pcall(call, own, subject, pattern))
  return found == expected, expected .. "\n" .. found
end
)";

class fixture {
public:
  fixture() : state_(luaL_newstate()) {
    budget_.pattern_steps = 20'000;
    luaL_openlibs(state_);
    luaJIT_setmode(state_, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    if (luaL_dostring(state_, compare_text) != 0)
      std::abort();
    push_bounded_library(state_, budget_);
    lua_getfield(state_, -1, "string");
    lua_replace(state_, 2);
  }

  // Stack: compare, bounded.string.
  void compare(int choice, std::string_view pattern, std::string_view subject) {
    lua_settop(state_, 2);
    lua_pushvalue(state_, 1);
    lua_pushvalue(state_, 2);
    lua_pushinteger(state_, choice);
    lua_pushlstring(state_, pattern.data(), pattern.size());
    lua_pushlstring(state_, subject.data(), subject.size());
    if (lua_pcall(state_, 4, 2, 0) == 0 && lua_toboolean(state_, 3))
      return;
    std::fprintf(stderr, "%s\n", lua_tostring(state_, -1));
    std::abort();
  }

private:
  bounded_budget budget_;
  lua_State* state_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fixture vm;
  if (size < 2)
    return 0;
  const std::string_view rest{reinterpret_cast<const char*>(data) + 2, size - 2};
  const size_t length = std::min<size_t>(data[1], rest.size());
  vm.compare(data[0], rest.substr(0, length), rest.substr(length));
  return 0;
}
