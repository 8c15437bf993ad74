#define CAF_SUITE lua_bounded_patterns
#include "tests/lua/bounded_fixture.hpp"
#include "tests/suite.hpp"

using namespace flowactors;
using test::bounded_vm;

namespace {

// Gives `compare(name, ...)`: calls the function of both libraries, and returns a description of
// the call if results, messages or the results' number differ.
const std::string comparing = R"~lua~(
  local function described(...)
    local out = {select("#", ...)}
    for k = 1, select("#", ...) do
      local value = select(k, ...)
      out[#out + 1] = type(value) .. ":" .. tostring(value)
    end
    return table.concat(out, " | ")
  end
  local function called(f, ...)
    local arguments, count = {...}, select("#", ...)
    return described(pcall(function() return f(unpack(arguments, 1, count)) end))
  end
  local function all(gmatch)
    return function(...)
      local out = {}
      for a, b, c in gmatch(...) do out[#out + 1] = described(a, b, c) end
      return table.concat(out, ";")
    end
  end
  local own = {find = string.find, match = string.match, gsub = string.gsub, gmatch = all(string.gmatch)}
  local new = {find = bounded.string.find, match = bounded.string.match, gsub = bounded.string.gsub,
    gmatch = all(bounded.string.gmatch)}
  local calls = 0
  local function compare(name, ...)
    calls = calls + 1
    local expected, found = called(own[name], ...), called(new[name], ...)
    if expected ~= found then
      error(("%s(%s): expected %s, found %s"):format(name, described(...), expected, found), 0)
    end
  end
)~lua~";

// By hand: pattern and subject; each is searched for in four ways.
const std::string by_hand = R"~lua~(
  local cases = {
    {"", ""}, {"", "abc"}, {"abc", "xabcx"}, {"^abc", "xabc"}, {"^abc", "abcabc"}, {"a*", "aaab"}, {"a-b", "aaab"}, {"a+", "baaa"},
    {"a?b", "ab b"}, {"(a)(b)", "ab"}, {"()", "abc"}, {"()a()", "xa"}, {"(a*(.)%w(%s*))", "aab  "}, {"%b()", "x(a(b)c)d"},
    {"%b''", "it's 'so'"}, {"%bxx", "axbx"}, {"%f[%w]%w+", "THE (quick) fox"}, {"%f[%z]", "ab"}, {"%f[^a]", "aab"}, {"[a-c]+", "xabcd"},
    {"[^a-c]+", "abcxyz"}, {"[]]", "a]b"}, {"[^]]", "]a"}, {"[a-]", "-"}, {"[-a]", "-"}, {"[%a-z]", "-"}, {"[%]]", "]"}, {"[+--]+", "+,-"},
    {"%d+", "a12b"}, {"%D", "12a"}, {"%x+", "xDEADg"}, {"%u%l", "aBc"}, {"%p+", "a!?b"}, {"%c", "a\1b"}, {"%g+", " ab "}, {"%z", "a\0b"},
    {"%Z+", "a\0b"}, {"\0", "a\0b"}, {"a\0x", "ab"}, {"[\0b]", "b"}, {".", "\0"}, {"%.", "a.b"}, {"%%", "50%"}, {"$", "abc"}, {"a$", "aba"},
    {"a$b", "a$b"}, {"(.)%1", "abccd"}, {"(a)(%1)", "aa"}, {"()%1", "aa"}, {"%w-$", "abc"}, {".-b", "aab"}, {"^", "abc"}, {"^^", "^a"},
    {"a^", "a^"}, {"*", "a*"}, {"+a", "+a"}, {"-", "a-b"}, {"?", "a?"}, {"%?", "a?"}, {")", "a)"}, {"]", "a]"}, {"a)", "a"}, {"(", "a"}, {"(a", "a"},
    {"%", "a"}, {"a%", "a"}, {"[", "a"}, {"[a", "a"}, {"[^", "a"}, {"[%", "a"}, {"%b", "a"}, {"%bx", "a"}, {"%f", "a"}, {"%fa", "a"}, {"%1", "a"},
    {"(a%1)", "a"}, {"%0", "a"}, {"%9", "a"}, {"\255", "a\255"}, {"[\128-\255]+", "a\200\201"}, {"%w", "\228"}, {"%a", "\228"}, {12, 4123},
    {("()"):rep(32), "a"}, {("()"):rep(33), "a"}, {("a?"):rep(199), ("a"):rep(300)}, {("a?"):rep(300), ("a"):rep(300)},
    {("(.)"):rep(20), ("ab"):rep(20)}, {("a*"):rep(150), "b"}, {nil, "a"}, {"a", nil}, {{}, "a"}, {"a", true},
  }
  for _, case in ipairs(cases) do
    local pattern, subject = case[1], case[2]
    compare("find", subject, pattern)
    compare("match", subject, pattern)
    compare("gmatch", subject, pattern)
    compare("gsub", subject, pattern, "<%0>")
  end
  for _, begin in ipairs {0, 1, 2, 3, 4, 5, 10, -1, -3, -4, -10, 1.9, -1.9, 1e9, -1e9, 2^31, 1e10, -1e10, 1e300, 0/0, "2", "x", {}} do
    for _, pattern in ipairs {"b", "", "[bc]", "^b", "()", "$"} do
      compare("find", "abc", pattern, begin)
      compare("match", "abc", pattern, begin)
      compare("gsub", "abcabc", pattern, "-", begin)
    end
  end
  compare("find", "a.b", ".", 1, true)
  compare("find", "a.b", ".", 1, nil)
  compare("find", "a.b", ".", 3, true)
  compare("find", ("ab"):rep(3000), "ba", 4000, true)
  compare("find", ("ab"):rep(3000), "bb", 4000)
  compare("find", nil)
  compare("match")
  compare("gmatch", nil, nil)
  compare("gsub")
  compare("gsub", "a")
)~lua~";

const std::string replacements = R"~lua~(
  for _, subject in ipairs {"", "hello world", "aXbXc", "50% a\0b"} do
    for _, pattern in ipairs {"", "%w+", "X", "o", "(l)(.)", "()l", "^h", "x*", "(", ".-", "%z"} do
      for _, by in ipairs {"", "-", "<%0>", "%1", "%2", "%1%1", "%%", "%a", "%", "x%", 7, {l = "L", X = 1, o = false, hello = "bye"}, {},
        function(a, b) return b end, function() return nil end, function() return false end, function() return {} end,
        function(a) return #tostring(a) end, function() error("so") end, setmetatable({}, {__index = function(_, k) return k .. "!" end}), true} do
        compare("gsub", subject, pattern, by)
        compare("gsub", subject, pattern, by, 1)
        compare("gsub", subject, pattern, by, 0)
      end
    end
  end
)~lua~";

// Random patterns over few bytes, so that they often match; short enough for Lua's own functions.
const std::string at_random = R"~lua~(
  local seed = 42
  local function random(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return math.floor(seed / 65536) % n + 1
  end
  local pieces = {"a", "b", "c", ".", "%a", "%d", "%s", "%w", "%A", "%.", "%%", "[ab]", "[^a]", "[a-c]", "[%w_]", "[^%s]", "]", "-", "x",
    "(", ")", "(a)", "()", "(.-)", "%1", "%2", "%b()", "%bab", "%f[%w]", "%f[^a]", "$", "^", "\0", "%z", "[", "%", "(b*)", "1", "[]]", "[a-]", "[%]"}
  local signs = {"", "", "", "", "*", "+", "-", "?"}
  local letters = {"a", "b", "c", "a", "b", "1", " ", "(", ")", ".", "%", "\0", "x", "_", "\200", "-", "]"}
  local kinds = {"find", "match", "gmatch", "gsub"}
  local last = function(a, b) return b end
  for round = 1, 12000 do
    local pattern, subject = {}, {}
    for k = 1, random(6) do pattern[k] = pieces[random(#pieces)] .. signs[random(#signs)] end
    for k = 1, random(14) - 1 do subject[k] = letters[random(#letters)] end
    pattern = (random(6) == 1 and "^" or "") .. table.concat(pattern)
    subject = table.concat(subject)
    local kind = kinds[random(4)]
    if kind == "gsub" then
      local by = ({"<%0>", "%1", "%2x", {a = "z", b = false}, last})[random(5)]
      compare(kind, subject, pattern, by, random(3) == 1 and random(4) or nil)
    elseif kind == "gmatch" then
      compare(kind, subject, pattern)
    else
      compare(kind, subject, pattern, random(2) == 1 and random(20) - 10 or nil)
    end
  end
  return calls
)~lua~";

} // namespace

CAF_TEST(results and messages are those of Lua on cases made by hand) {
  bounded_vm vm;
  CAF_CHECK_EQUAL(vm.run(comparing + by_hand + "return 'equal'"), "equal");
}

CAF_TEST(gsub takes all kinds of replacements as Lua does) {
  bounded_vm vm;
  CAF_CHECK_EQUAL(vm.run(comparing + replacements + "return 'equal'"), "equal");
}

CAF_TEST(results and messages are those of Lua on random patterns) {
  bounded_vm vm;
  CAF_CHECK_EQUAL(vm.run(comparing + at_random), "12000");
}

CAF_TEST(searches that would take for ever end with the error of the limit) {
  bounded_vm vm;
  for (const char* search :
       {"find(('a'):rep(5000), '.-.-.-.-b')", "match(('a'):rep(5000), 'a*a*a*a*b')",
        "gsub(('a'):rep(5000), '.-.-.-b', '')", "gmatch(('a'):rep(5000), '(a-)(a-)(a-)b')()",
        "find(('a'):rep(30000), ('a?'):rep(190) .. 'b')", "find(('x'):rep(100000), '.-.-b')",
        "find(('('):rep(50000), '%b()')", "find(('a'):rep(50000), '[' .. ('b'):rep(50000) .. ']')",
        "find(('a'):rep(50000), '(a*)%1b')"}) {
    const std::string said = vm.run("return bounded.string." + std::string{search});
    CAF_CHECK_EQUAL(said, "error: limit: pattern: the search takes too many steps");
  }
}

CAF_TEST(a search is given eight steps more for each byte) {
  bounded_budget budget;
  budget.pattern_steps = 1000;
  bounded_vm vm{budget};
  CAF_CHECK_EQUAL(vm.run("return (bounded.string.gsub(('ab '):rep(20000), '%w+', ''))"),
                  std::string(20000, ' '));
  CAF_CHECK_EQUAL(vm.run("return bounded.string.find(('a'):rep(100), '.-.-.-b')"),
                  "error: limit: pattern: the search takes too many steps");
}

CAF_TEST(gsub makes no text beyond the bound) {
  bounded_vm vm;
  for (const char* call :
       {"('a'):rep(2000), 'a', ('b'):rep(1000)", "('a'):rep(1100), '', ('b'):rep(1000)",
        "('a'):rep(1100), 'a', function() return ('b'):rep(1000) end",
        "('a'):rep(2000), '.*', '%0%0%0' .. ('%0'):rep(1000)"}) {
    const std::string said = vm.run("return (bounded.string.gsub(" + std::string{call} + "))");
    CAF_CHECK_EQUAL(said, "error: limit: string: string.gsub makes too long a text");
  }
}
