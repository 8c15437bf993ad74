#define CAF_SUITE lua_instrumented_programs
#include "lua/instrumenter.hpp"
#include "tests/lua/instrumented.hpp"
#include "tests/suite.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace flowactors;
using namespace flowactors::test;

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::filesystem::path> programs() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator{
         std::filesystem::path{FLOWACTORS_SOURCE_DIR} / "tests/lua/programs"})
    out.push_back(entry.path());
  return out;
}

lua_run::outcome plain(std::string_view text, bool jit = true) {
  return lua_run{jit, 0}.plain(text);
}

lua_run::outcome checked(std::string_view text, bool jit = true, int64_t refills = 1'000'000,
                         int allowance = 1000) {
  return lua_run{jit, refills, allowance}.instrumented(text);
}

std::string refusal(std::string_view text, std::string_view chunk = "@scripts/a.lua") {
  const auto made = instrument(text, chunk);
  return made ? "accepted" : made.failure().what;
}

std::string repeated(int times, const std::string& text) {
  std::string out;
  for (int i = 0; i < times; ++i)
    out += text;
  return out;
}

// A hot loop first, so that the JIT has compiled traces when the endless part begins.
const std::string warm =
  "local function step(i) return i + 1 end\n"
  "local n = 0 for i = 1, 300 do n = step(n) end\n";

const char* const endless[] = {
  "while true do end",
  "while n do n = n + 1 end",
  "repeat until false",
  "repeat local x = n until not x",
  "for i = 1, math.huge do end",
  "for i = 1, 0, 0 do end for i = 1, 2, 1e-300 do n = i end",
  "for _ in function() return 1 end do end",
  "for k in function(_, k) return (k or 0) + 1 end do n = step(k) end",
  "::top:: goto top",
  "::top:: n = n + 1 if n > 0 then goto top end",
  "do ::a:: goto b ::b:: goto a end",
  "while true do goto continue ::continue:: end",
  "while true do if n then goto out end n = 1 ::out:: end",
  "local function f() return f() end f()",
  "local f, g function f() return g() end function g() return f() end f()",
  "local t = {} function t:m() return self:m() end t:m()",
  "local f = function(...) return (...)(...) end f(f)",
  "return chunk()",
  "local function f(k) if k > 0 then f(k - 1) f(k - 1) end end f(200)",
  "while true do pcall(step, 1) end",
  "while true do pcall(function() while true do end end) end",
  "local function f() return pcall(f) end while true do f() end",
  "xpcall(function() error('x') end, function() while true do end end) while true do end",
  "local co = coroutine.wrap(function() while true do coroutine.yield(1) end end) while true do "
  "co() end",
  "local co = coroutine.create(function() while true do end end) while true do "
  "coroutine.resume(co) end",
  "while true do local co = coroutine.wrap(function() end) co() end",
  "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do "
  "pcall(function() return t[1] end) end",
  "local t = setmetatable({}, {__eq = function() return false end}) while t ~= "
  "setmetatable({}, getmetatable(t)) do end",
  "while true do for i = 1, 10 do for j = 1, 10 do n = n + j end end end",
  "while true do loadstring('return 1')() end",
  "local a = {} while true do a[1] = {a[1] and 1} end",
  "while true do while true do break end end",
  "(loadstring or load)(\"local f = ... return f\")(1) repeat n = -n until n == 0.5",
  "table.sort({3, 2, 1}, function() while true do end end) while true do end",
  "string.gsub('abc', '.', function() repeat until nil end) while true do end",
};

} // namespace

CAF_TEST(instrumented programs do what they did) {
  CAF_REQUIRE_LESS(5u, programs().size());
  for (const auto& path : programs())
    for (const bool jit : {true, false}) {
      const std::string text = read(path);
      const auto expected = plain(text, jit), found = checked(text, jit, 1'000'000, 7);
      CAF_MESSAGE(path.filename().string());
      CAF_CHECK_EQUAL(expected.message, "");
      CAF_CHECK(expected.done);
      CAF_CHECK_EQUAL(found.message, "");
      CAF_CHECK(found.done);
      CAF_CHECK_EQUAL(found.printed, expected.printed);
    }
}

CAF_TEST(endless programs stop with the JIT on and off) {
  CAF_CHECK_LESS(29u, std::size(endless));
  for (const char* body : endless)
    for (const bool jit : {true, false}) {
      const auto found = checked(warm + body, jit, 200);
      CAF_MESSAGE(body);
      CAF_CHECK(found.loaded);
      CAF_CHECK(!found.done);
      CAF_CHECK(found.stopped);
    }
}

CAF_TEST(a turn is counted where a loop turns and a function begins) {
  // allowance 0: each check asks
  const auto count = [](std::string_view text) { return checked(text, false, 1'000, 0).refills; };
  CAF_CHECK_EQUAL(count(""), 1u);
  CAF_CHECK_EQUAL(count("for i = 1, 5 do end"), 6u);
  CAF_CHECK_EQUAL(count("local i = 0 while i < 5 do i = i + 1 end"), 6u);
  CAF_CHECK_EQUAL(count("local i = 0 repeat i = i + 1 until i == 5"), 6u);
  CAF_CHECK_EQUAL(count("local function f(a, b, ...) return end f() f()"), 3u);
  CAF_CHECK_EQUAL(count("local function f(a, b, ...) end f() f()"), 1u);
  CAF_CHECK_EQUAL(count("local i = 0 ::a:: i = i + 1 if i < 5 then goto a end"), 5u);
  CAF_CHECK_EQUAL(count("do do local x = 1 end end if true then local y = 2 end"), 1u);
}

CAF_TEST(errors keep their lines) {
  const char* const failing[] = {
    "error('x')",
    "\n\nlocal x = nil; x.y = 1",
    "for i = 1, 3 do\n\n  if i == 2 then error('at two') end\nend",
    "local function f(a,\n  b\n)\n  return a + b\nend\n\nf(1)",
    "#!/bin/lua\n\nerror('after a header')",
    "#!/bin/lua\r\nerror('after a header')",
    "local s = [[\n\n]] --[==[\n\n]==] error('after long ones')",
    "local s = 'a\\\nb\\z\n  c'\nerror(s)",
    "repeat\n goto x\n ::x::\n error({}\n .. 1)\nuntil true",
    "local x = 1\r\n\r\nwhile true do\r\nerror('crlf')\r\nend",
    "local x = 1\n\rerror('lfcr')",
    "-- bare\rerror('cr')",
    "\xef\xbb\xbf\nerror('mark')",
    "local co = coroutine.wrap(function()\n\n  error('within')\nend)\nco()",
  };
  for (const char* text : failing)
    for (const bool jit : {true, false}) {
      const auto expected = plain(text, jit), found = checked(text, jit);
      CAF_CHECK(expected.loaded);
      CAF_CHECK(!expected.done);
      CAF_CHECK(expected.message.find(":") != std::string::npos);
      CAF_CHECK_EQUAL(found.message, expected.message);
    }
}

CAF_TEST(loops hidden from a careless reader stop too) {
  const char* const hidden[] = {
    "-- a comment ends at CR \r while true do end",
    "local s = '\\\\' while true do end --'",
    "local s = '\\'' while true do end --'",
    "local s = [==[ ]=] ]==] while true do end --]==]",
    "--[==[ ]] ]=] ]==] while true do end",
    "--[==\nwhile true do end --]==]",
    "---[[\nwhile true do end --]]",
    "local t = {[ [[a]] ] = 1} while true do end --]]",
    "local n = 3-0xe while true do end",
    "local n = 1e+1 while true do end",
    "local \xc3\xa9 = 1 while \xc3\xa9 do end",
    "local n=1while n do end",
    "local t = {goto = 1} local n = t.goto while n do end",
  };
  for (const char* text : hidden) {
    const auto found = checked(text, true, 100);
    CAF_MESSAGE(text);
    if (found.loaded)
      CAF_CHECK(found.stopped);
    else // no program at all: Lua itself or we say so
      CAF_CHECK(!found.message.empty());
  }
}

CAF_TEST(refusals name chunk and line as Lua does) {
  CAF_CHECK(refusal("local x\n\n__fa_n = 1e9").starts_with("scripts/a.lua:3: '__fa_n': "));
  CAF_CHECK(refusal("local __fa_ = 1", "=(load)").starts_with("(load):1: '__fa_': "));
  CAF_CHECK(refusal("function t.__fa_s() end", "a text").starts_with("[string \"a text\"]:1: '"));
  CAF_CHECK(refusal("goto __fa_top") != "accepted");
  CAF_CHECK_EQUAL(refusal("x = '__fa_n' -- __fa_n\n--[[ __fa_n ]] y = [[__fa_n]] a__fa_n = 1"),
                  "accepted");
}

CAF_TEST(goto is no name of a variable) {
  for (const char* text : {"local goto = 1", "goto = 1", "x = goto y = 2", "f(goto)", "goto.x = 1",
                           "local goto x = 1", "t = {goto = 1}"}) {
    CAF_CHECK(plain(text).message.find("near") == std::string::npos); // Lua takes it
    CAF_CHECK(refusal(text).starts_with("scripts/a.lua:1: 'goto': "));
  }
  CAF_CHECK_EQUAL(refusal("t.goto = t:goto()"), "accepted");
}

CAF_TEST(compiled text is refused) {
  for (const char* text : {"\x1bLJ\x02", "#!/bin/lua\n\x1bLJ\x02", "\xef\xbb\xbf\x1bLJ\x02"})
    CAF_CHECK(refusal(text) != "accepted");
}

CAF_TEST(no text steps out of its wrapper) {
  for (const char* text : {"end", "end while true do end do", "until x", "repeat end",
                           "for i = 1, 2 do until", "return end, function()", "do", "function f("})
    CAF_CHECK(refusal(text) != "accepted");
}

CAF_TEST(arguments and values of the chunk pass through) {
  CAF_CHECK_EQUAL(checked("return ...").printed, "one\t2\n");
  CAF_CHECK_EQUAL(checked("local a, b = ... return b, a, nil").printed, "2\tone\tnil\n");
  CAF_CHECK_EQUAL(checked("return select('#', ...) -- no line end").printed, "2\n");
}

CAF_TEST(200 locals and 58 upvalues fit) {
  std::string names, sum = "0", locals;
  for (int i = 0; i < 200; ++i)
    locals += "local v" + std::to_string(i) + " = " + std::to_string(i) + "\n";
  CAF_CHECK(checked(locals + "while v199 do break end return v199").done);
  std::string upvalues[2];
  for (int i = 0; i < 60; ++i)
    for (int k = 0; k < 2; ++k)
      if (i < 58 + 2 * k)
        upvalues[k] += " + v" + std::to_string(i);
  const auto text = [&](int k) {
    return locals.substr(0, locals.find("local v100 ")) + "return (function() return 0"
           + upvalues[k] + " end)()";
  };
  CAF_CHECK_EQUAL(checked(text(0)).printed, "1653\n");
  CAF_CHECK(plain(text(1)).done);
  const auto found = checked(text(1));
  CAF_CHECK(!found.loaded);
  CAF_CHECK(explain_refusal(found.message).find("58 remain") != std::string::npos);
}

CAF_TEST(long texts keep their results) {
  const std::string text =
    "local n = 0\n" + repeated(2000, "for i = 1, 2 do n = n + i end\n") + "return n";
  CAF_CHECK_EQUAL(checked(text).printed, "6000\n");
  CAF_CHECK_EQUAL(checked(text).printed, plain(text).printed);
  CAF_CHECK(checked(repeated(150, "do ") + repeated(150, "end ")).done);
}
