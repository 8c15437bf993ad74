#define CAF_SUITE lua_bounded_library
#include "tests/lua/bounded_fixture.hpp"
#include "tests/suite.hpp"

using namespace flowactors;
using test::bounded_vm;

namespace {

const std::string comparing = R"~lua~(
  local function all(list)
    local out = {}
    for k = -1, table.maxn(list) do out[#out + 1] = tostring(list[k]) end
    return table.concat(out, ",")
  end
  local function described(...)
    local out = {select("#", ...)}
    for k = 1, select("#", ...) do
      local value = select(k, ...)
      out[#out + 1] = type(value) == "table" and "{" .. all(value) .. "}" or tostring(value)
    end
    return table.concat(out, " | ")
  end
  local function called(f, ...) return described(pcall(f, ...)) end
  local function compare(library, name, ...)
    local arguments, count = {...}, select("#", ...)
    -- A table is changed in place: each gets its own, and tells of it too.
    local function call(f)
      local mine = {}
      for k = 1, count do
        mine[k] = arguments[k]
        if type(mine[k]) == "table" then mine[k] = {unpack(mine[k])} end
      end
      return called(f, unpack(mine, 1, count)) .. " " .. called(all, type(mine[1]) == "table" and mine[1] or {})
    end
    local expected, found = call(_G[library][name]), call(bounded[library][name])
    if expected ~= found then
      error(("%s.%s(%s): expected %s, found %s"):format(library, name, described(...), expected:sub(1, 200), found:sub(1, 200)), 0)
    end
  end
)~lua~";

const std::string cases = R"~lua~(
  local long = ("aB"):rep(3000)
  local texts = {"", "a", "aB c", long, 12, 1.5, {}, true}
  for _, text in ipairs(texts) do
    for _, name in ipairs {"upper", "lower", "reverse"} do compare("string", name, text) end
    for _, count in ipairs {0, 1, 3, -1, 2.7, "2", 0/0, "x", {}, -1e10} do
      compare("string", "rep", text, count)
      compare("string", "rep", text, count, "-")
      compare("string", "rep", text, count, 7)
    end
    for _, from in ipairs {0, 1, 2, -1, -5, 4000, "2", 1e10, {}} do
      compare("string", "sub", text, from)
      compare("string", "sub", text, from, -2)
      compare("string", "sub", text, from, 3)
      for _, to in ipairs {0, 1, -1, "3", 5000, -5000, 1e10, {}} do compare("string", "byte", text, from, to) end
      compare("string", "byte", text, from)
    end
    if type(text) ~= "table" then compare("string", "format", "%s %q", text, text) end
    compare("string", "format", text, 1)
  end
  for _, name in ipairs {"upper", "lower", "reverse", "rep", "sub", "format"} do compare("string", name, nil) end
  compare("string", "rep", "", 1e300)
  compare("string", "format", "%d %5.2f %x %g %c %i %e %u %o %%", 1, 2.5, 255, 1e20, 65, 3, 4, 5, 6)
  compare("string", "format", ("%d "):rep(200), unpack((function() local t = {} for k = 1, 200 do t[k] = k end return t end)()))
  compare("string", "format", ("%s"):rep(20), 1, 2)
  compare("string", "format", "%d", "x")
  compare("string", "format", "%100d", 1)

  local many = {}
  for k = 1, 3000 do many[k] = k end
  local bytes = {}
  for k = 1, 3000 do bytes[k] = k % 256 end
  compare("string", "char")
  compare("string", "char", 65, "66")
  compare("string", "char", unpack(bytes))
  compare("string", "char", 256)
  _G.base = _G
  for _, list in ipairs {{}, {1, nil, 3}, many, 1} do
    compare("base", "unpack", list)
    for _, from in ipairs {1, 2, -1, "2", 1.5, 1e10, {}} do
      compare("base", "unpack", list, from)
      compare("base", "unpack", list, from, 2000)
      compare("base", "unpack", list, from, 1e6)
    end
  end
  for _, text in ipairs {"", "12", "0x10", ("1"):rep(3000), 7, {}, "z"} do
    compare("base", "tonumber", text)
    for _, base in ipairs {2, 10, 36, "16", 37, {}} do compare("base", "tonumber", text, base) end
  end
  compare("base", "tonumber")
  for _, list in ipairs {{}, {1}, {"a", "b", "c"}, {1, "x", 2.5}, {"a", {}, "b"}, many, 1} do
    for _, between in ipairs {"", ", ", 1, {}} do
      compare("table", "concat", list, between)
      for _, first in ipairs {0, 1, 2, 5, -1, 1.5, "1"} do
        compare("table", "concat", list, between, first)
        compare("table", "concat", list, between, first, 2)
        compare("table", "concat", list, between, first, 3000)
      end
    end
    for _, at in ipairs {1, 2, 3, "1", 2.5, 2000, 3000, 3001, "x", {}} do
      if type(list) ~= "table" or not tonumber(at) or tonumber(at) <= #list + 1 then compare("table", "insert", list, at, "new") end
      compare("table", "remove", list, at)
    end
    compare("table", "insert", list, "new")
    compare("table", "insert", list)
    compare("table", "insert", list, 1, 2, 3)
    compare("table", "remove", list)
    compare("table", "maxn", list)
    local seen = {}
    for _, name in ipairs {"foreach", "foreachi"} do
      compare("table", name, list, function(k, v) if v == "b" or v == 2500 then return k end end)
      compare("table", name, list, 1)
    end
  end
  for _, case in ipairs {{1, 3, 1}, {1, 3, 2}, {2, 3, 1}, {1, 2500, 2}, {2, 2600, 1}, {1, 2500, 500}, {501, 3000, 1}, {1, 0, 1}, {2900, 3000, 1}} do
    compare("table", "move", many, unpack(case))
    case[4] = {}
    compare("table", "move", many, unpack(case))
  end
  compare("table", "move", many, 1)
  return "equal"
)~lua~";

const std::string sorts = R"~lua~(
  local seed = 7
  local function random(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return math.floor(seed / 65536) % n + 1
  end
  local orders = {false, function(a, b) return a > b end, function(a, b) return math.floor(a / 8) < math.floor(b / 8) end}
  for round = 1, 600 do
    local list = {}
    for k = 1, random(120) - 1 do list[k] = random(round % 3 == 0 and 10 or 1000) end
    if round % 7 == 0 then table.sort(list) end
    compare("table", "sort", list, orders[random(3)] or nil)
  end
  compare("table", "sort", {"b", "a", "C"})
  compare("table", "sort", {"b", 1, "C"})
  compare("table", "sort", {{}, {}})
  compare("table", "sort", {3, 2, 1}, 1)
  compare("table", "sort", {3, 2, 1, 5, 4}, function() return true end)
  compare("table", "sort", {3, 2, 1, 5, 4}, function() return false end)
  compare("table", "sort", {3, 2, 1, 5, 4}, function() error("so", 0) end)
  compare("table", "sort")
  return "equal"
)~lua~";

// A VM whose calls have a deadline of next to no time, from the first look at the clock on.
class hurried_vm : public bounded_vm {
public:
  hurried_vm() : guard_(script_limits{}) {
    lua_newtable(state());
    push_guard(state(), guard_);
    lua_pop(state(), 1);
    guard_.set_budget(1);
  }

  std::string hurry(const std::string& text) {
    const std::string* given = &text;
    said_ = "left";
    guard_.begin(0);
    guard_.enter([this, given] { call(*given); });
    return said_;
  }

private:
  [[gnu::noinline]] void call(const std::string& text) { said_ = run(text); }

  std::string said_;
  call_guard guard_;
};

} // namespace

CAF_TEST(results and messages are those of Lua) {
  bounded_vm vm;
  CAF_CHECK_EQUAL(vm.run(comparing + cases), "equal");
}

CAF_TEST(a range that no count gets through is refused) {
  bounded_vm vm;
  const std::string said = vm.run("return bounded.table.move({}, 1e300, 2e300, 1)");
  CAF_CHECK_EQUAL(said, "error: too many elements to move");
  CAF_CHECK_EQUAL(vm.run("return bounded.table.move({}, 1e300, 1e300, 1)"), said);
}

CAF_TEST(sorting gives the order of Lua also for equal elements) {
  bounded_vm vm;
  CAF_CHECK_EQUAL(vm.run(comparing + sorts), "equal");
}

CAF_TEST(what would make too long a text is refused before it is made) {
  bounded_vm vm;
  const auto refused = [](const char* name) {
    return "error: limit: string: " + std::string{name} + " makes too long a text";
  };
  CAF_CHECK_EQUAL(vm.run("return bounded.string.rep('x', 1048577)"), refused("string.rep"));
  CAF_CHECK_EQUAL(vm.run("return bounded.string.rep('x', 1e300)"), refused("string.rep"));
  CAF_CHECK_EQUAL(vm.run("return bounded.string.rep('', 1e6, 'xx')"), refused("string.rep"));
  CAF_CHECK_EQUAL(vm.run("return bounded.string.rep('ab', '1000000')"), refused("string.rep"));
  CAF_CHECK_EQUAL(vm.run("return bounded.string.rep(12345, 1000000)"), refused("string.rep"));
  CAF_CHECK_EQUAL(vm.run("local t = {} for k = 1, 2000 do t[k] = ('x'):rep(1000) end "
                         "return bounded.table.concat(t)"),
                  refused("table.concat"));
  CAF_CHECK_EQUAL(vm.run("return bounded.table.concat({'a', 'b', 'c'}, ('x'):rep(600000))"),
                  refused("table.concat"));
  CAF_CHECK_EQUAL(vm.run("local x = ('x'):rep(600000) return bounded.string.format('%s%s', x, x)"),
                  refused("string.format"));
  CAF_CHECK_EQUAL(vm.run("local x = ('x'):rep(6000) local t = {} for k = 1, 200 do t[k] = x end "
                         "return bounded.string.format(('%s'):rep(200), unpack(t))"),
                  refused("string.format"));
  CAF_CHECK_EQUAL(vm.run("return #bounded.string.rep('x', 1048576)"), "1048576");
  CAF_CHECK_EQUAL(vm.run("return bounded.os.date(('x'):rep(4097))"),
                  "error: limit: string: os.date gets too long a format");
  CAF_CHECK_EQUAL(vm.run("return bounded.os.date('!%Y-%m-%d', 0)"), "1970-01-01");
}

CAF_TEST(elements are moved past metamethods as Lua does) {
  bounded_vm vm;
  CAF_CHECK_EQUAL(vm.run("local calls = 0 local function count() calls = calls + 1 end "
                         "local list = setmetatable({}, {__newindex = count, __index = count}) "
                         "for k = 1, 1000 do rawset(list, k, k) end calls = 0 "
                         "bounded.table.insert(list, 1, 'new') "
                         "return calls .. list[1] .. rawget(list, 1001)"),
                  "0new1000");
}

CAF_TEST(too long a list is not sorted) {
  bounded_budget budget;
  budget.max_sort = 10;
  bounded_vm vm{budget};
  CAF_CHECK_EQUAL(vm.run("bounded.table.sort({1,2,3,4,5,6,7,8,9,10,11})"),
                  "error: limit: sort: table.sort gets too many elements");
  CAF_CHECK_EQUAL(vm.run("bounded.table.sort({1,2,3,4,5,6,7,8,9,10}) return 'sorted'"), "sorted");
}

CAF_TEST(functions that work long look at the deadline) {
  const std::string prepare = R"~lua~(
    text, list, words, shuffled = ("x"):rep(100000), {}, {}, {}
    for k = 1, 100000 do list[k], words[k] = k, "x" end
    for k = 1, 90000 do shuffled[k] = k * 7919 % 90001 end
    function many(f, ...) for _ = 1, 1000 do f(...) end end
    s, t = bounded.string, bounded.table
  )~lua~";
  for (const char* work :
       {"t.sort(shuffled)",
        "t.sort(shuffled, rawequal)",
        "many(s.rep, 'x', 100000)",
        "many(s.upper, text)",
        "many(s.lower, text)",
        "many(s.reverse, text)",
        "many(s.sub, text, 2)",
        "many(s.find, text, 'y', 1, true)",
        "many(s.find, text, 'y')",
        "many(s.match, text:sub(1, 1000), '.-.-y')",
        "many(pcall, s.match, text:sub(1, 1000) .. 'y', '.-y(') many(s.rep, 'x', 100000)",
        "many(s.format, '%s', text)",
        "many(t.insert, list, 1, 0)",
        "t.insert({}, -1e9, 1)",
        "t.insert({}, -2^31, 1)",
        "many(t.remove, list, 1)",
        "many(t.concat, words)",
        "many(t.maxn, list)",
        "many(t.foreach, list, function() end)",
        "many(t.foreachi, list, function() end)",
        "t.move({}, 1, 1e9, 1, {})",
        "t.move({}, -2e9, 2e9, -1e9)"}) {
    hurried_vm vm;
    CAF_REQUIRE_EQUAL(vm.run(prepare), "nothing");
    const std::string said = vm.hurry(work);
    CAF_CHECK_EQUAL(std::string{work} + " -> " + said.substr(0, 23),
                    std::string{work} + " -> error: limit: deadline:");
  }
}
