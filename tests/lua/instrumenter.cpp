#define CAF_SUITE lua_instrumenter
#include "lua/instrumenter.hpp"

#include "tests/suite.hpp"

#include <lua.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

using namespace flowactors;

namespace {

struct close_state {
  void operator()(lua_State* L) const { lua_close(L); }
};

/// A fresh VM that runs one text, and says what it returned or why it failed.
class runner {
public:
  explicit runner(bool jit) : state_(luaL_newstate()) {
    luaL_openlibs(L());
    luaJIT_setmode(L(), 0, LUAJIT_MODE_ENGINE | (jit ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
  }

  std::string run(const std::string& text) {
    if (luaL_loadbuffer(L(), text.data(), text.size(), "=t") != 0)
      return "load: " + top();
    return call();
  }

  /// With the checks in it; after `patience` of them, each worth ten turns, an error is raised.
  std::string run_instrumented(const std::string& text, int patience = 1'000'000) {
    patience_ = patience;
    const auto made = instrument(text, "=t");
    if (!made)
      return "refused: " + made.failure().what;
    if (luaL_loadbuffer(L(), made.value().data(), made.value().size(), "=t") != 0)
      return "load: " + top();
    lua_pushinteger(L(), 10);
    lua_pushlightuserdata(L(), this);
    lua_pushcclosure(L(), check, 1);
    lua_call(L(), 2, 1);
    return call();
  }

private:
  static int check(lua_State* L) {
    auto& self = *static_cast<runner*>(lua_touserdata(L, lua_upvalueindex(1)));
    if (--self.patience_ < 0)
      return luaL_error(L, "enough");
    lua_pushinteger(L, 10);
    return 1;
  }

  lua_State* L() { return state_.get(); }

  std::string top() {
    const char* text = lua_tostring(L(), -1);
    return text != nullptr ? text : luaL_typename(L(), -1);
  }

  std::string call() {
    lua_pushinteger(L(), 7); // what a chunk finds in `...`
    return lua_pcall(L(), 1, 1, 0) == 0 ? "ok: " + top() : "error: " + top();
  }

  std::unique_ptr<lua_State, close_state> state_;
  int patience_ = 0;
};

const char* const programs[] = {
  "",
  "return ...",
  "# first line\nreturn 1",
  "\xef\xbb\xbfreturn 2",
  "return 3 -- no newline behind this",
  "return [[do repeat function ( ) goto x]] .. [==[ ]] ]=] do ]==]",
  "--[[ do\nrepeat ]] --[==[ ]] ]==] return 4",
  "local s = 0 for i = 1, 100 do s = s + i end return s",
  "local s = '' for k, v in ipairs {1, 2, 3} do s = s .. k .. v end return s",
  "local i = 0 while i < 50 do i = i + 1 end return i",
  "local i = 0 repeat local done = i > 40 i = i + 1 until done return i",
  "for i = 1, 3 do do local x = i end end return 'blocks'",
  "local t = {} for i = 1, 5 do if i % 2 == 0 then goto continue end t[#t + 1] = i ::continue:: end return table.concat(t)",
  "local i = 0 ::top:: i = i + 1 if i < 30 then goto top end return i",
  "do goto done end ::done:: return 'label'",
  "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end return fib(15)",
  "local t = {} function t.a.b() end",
  "local t = {x = {}} function t.x:get(...) return select('#', ...) end return t.x:get(1, nil, nil)",
  "local f = function(a, b, ...) return a + b + select('#', ...) end return f(1, 2, 3, 4)",
  "return (function() return 'called at once' end)()",
  "local co = coroutine.wrap(function(a) for i = a, 10 do coroutine.yield(i) end end) local s = 0 for i = 1, 5 do s = s + co(1) end return s",
  "local function even(n) if n == 0 then return true end return (function() return even(n - 1) end)() end return tostring(even(200))",
  "return ('a\\\nb\\z   \n   c\\x41\\065\\\"do\\''):gsub('do', 'd')",
  "return 0x1p4 + 1e-3 + .5 + 3. + 0xA.8p-1",
  "return tostring(1LL + 2ULL) .. tostring(3i)",
  "local a <const> = 1",
  "local t = {goto_ = 1, ['do'] = 2} return t.goto_ + t['do']",
  "error('said on line 1')",
  "\n\n\nlocal x = nil\nlocal function f()\n  return x.y\nend\nf()",
  "local t = setmetatable({}, {__index = function(_, k) return k .. '!' end}) return t.hello",
  "local function f(...)\n  local a, b = ...\n  return b, a\nend\nreturn (f(1, 2))",
  "local s = 0 for i = 10, 1, -3 do for j = i, i + 2 do if j == 9 then break end s = s + j end end return s",
  "return pcall(function() local a; a() end) and 1 or 2",
  "if true then return 'first' else return 'second' end",
  "local v\xc3\xa4r = 5 return v\xc3\xa4r",
  "return #'\\'' .. \"'\" .. [[\n]]",
  "local a = {1, 2, 3}; (function() a[1] = 9 end)(); return a[1]",
  "return select(2, xpcall(function() error({}) end, function(e) return type(e) end))",
  "x =",
  "for i = 1 do end",
};

const char* const endless[] = {
  "while true do end",
  "repeat until false",
  "for i = 1, math.huge do end",
  "::a:: goto a",
  "local function f() return f() end f()",
  "local f f = function() return (f()) end while true do pcall(f) end",
  "while true do pcall(function() while true do end end) end",
  "local i = 0 while true do i = i + 1 end",
  "for k in function() return 1 end do end",
  "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do pcall(function() return t[1] end) end",
  "while 1 do local t = {} end",
  "repeat local x = ('a'):rep(3) until x == 'b'",
  "local a, b = 1, 2 while a ~= b do a, b = b, a end",
  "for i = 1, 0, 0 do end while true do end",
  "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
  "while true do coroutine.wrap(function() end)() end",
  "::a:: do ::b:: if ... then goto a else goto b end end",
  "while true do if false then else end end",
  "local function a() end while true do a() end",
  "for i = 1, 1e18 do local x = i * i end",
  "local s = 0 while s >= 0 do for i = 1, 3 do s = s + i end end",
  "while not false do repeat until true end",
};

std::string read(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

CAF_TEST(instrumented programs give what the plain ones give) {
  for (const bool jit : {true, false})
    for (const char* program : programs) {
      const std::string plain = runner{jit}.run(program);
      if (plain.starts_with("load: ")) // never instrumented: the plain check comes first
        continue;
      CAF_CHECK_EQUAL(runner{jit}.run_instrumented(program), plain);
    }
}

CAF_TEST(nothing runs for ever) {
  for (const bool jit : {true, false})
    for (const char* program : endless) {
      const std::string end = runner{jit}.run_instrumented(program, 20'000);
      CAF_CHECK(end.find("enough") != std::string::npos);
      if (end.find("enough") == std::string::npos)
        CAF_MESSAGE(program << " -> " << end);
    }
}

CAF_TEST(every line stays where it was) {
  const std::string text =
    "local a\nfor i = 1, 2 do\n  repeat\n    a = function(x)\n      goto here\n"
    "      ::here::\n      return x .. nil\n    end\n  until true\nend\na(1)\n";
  const std::string plain = runner{true}.run(text);
  CAF_CHECK(plain.starts_with("error: t:7:"));
  CAF_CHECK_EQUAL(runner{true}.run_instrumented(text), plain);
}

CAF_TEST(what could reach the counter is refused with its line) {
  CAF_CHECK_EQUAL(runner{true}.run_instrumented("\n__fa_n = 1e9"),
                  "refused: t:2: '__fa_n': names that begin with __fa_ are reserved");
  CAF_CHECK_EQUAL(runner{true}.run_instrumented("local function __fa_s() end"),
                  "refused: t:1: '__fa_s': names that begin with __fa_ are reserved");
  CAF_CHECK_EQUAL(runner{true}.run_instrumented("local goto = 1"),
                  "refused: t:1: 'goto': as a name it is not supported");
  CAF_CHECK_EQUAL(runner{true}.run_instrumented("local x = {goto = 1}"),
                  "refused: t:1: 'goto': as a name it is not supported");
  CAF_CHECK_EQUAL(
    runner{true}.run_instrumented("local t = {} t.goto = 1 t.__fa_n = 2 return t.goto"),
    "refused: t:1: '__fa_n': names that begin with __fa_ are reserved");
  CAF_CHECK_EQUAL(runner{true}.run_instrumented("local t = {} t.goto = 1 return t.goto"), "ok: 1");
}

CAF_TEST(the Lua that comes along can be instrumented) {
  size_t files = 0;
  for (const char* folder : {"scripts", "lua/chunks", "bench"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::string{FLOWACTORS_SOURCE_DIR} + "/" + folder)) {
      if (entry.path().extension() != ".lua")
        continue;
      ++files;
      const std::string text = read(entry.path());
      runner vm{true};
      const auto made = instrument(text, entry.path().string());
      CAF_CHECK(static_cast<bool>(made));
      if (made) { // it compiles, and has as many lines and one more
        CAF_CHECK(
          vm.run("local f, e = loadstring([=====[" + made.value() + "]=====]) return e or 'fine'")
          == "ok: fine");
      }
    }
  CAF_CHECK(files > 5);
}

CAF_TEST(text that is no Lua ends without harm) {
  for (const char* text : {"'", "[[", "--[==[", "\"a\nb\"", "@", "[=", "function (", "do", "goto",
                           "\\", "function f(a"})
    (void)instrument(text, "t");
  CAF_CHECK(!instrument("[==[ no end", "t"));
  CAF_CHECK(!instrument("$", "t"));
}
