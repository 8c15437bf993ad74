#define CAF_SUITE lua_attacks
#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

// Scripts that try to get out, to disturb the others, or to stop the capture. Beside each runs an
// honest one, which must notice nothing. docs/sandbox.md lists them.

using namespace flowactors;
using namespace flowactors::test;

namespace {

// Its text comes from what it sees: anything that another script spoils changes it.
constexpr char honest[] = R"(
local M = {}
local count = 0
function M.flowCreate()
  count = count + 1
  local parts = {("%d"):format(count), ("a,b"):match("^(.-),"), table.concat({1, 2}, "-"), type(flow.dump()),
    tostring(math.floor(1.5)), tostring(rawequal(_G.attacked, nil)), tostring(#string.rep("x", 3)), tostring(next({}) == nil),
    tostring(ntop.getInfo().product), tostring(bit.band(6, 3)), tostring(require("json").encode({1})), tostring(("x").attacked)}
  io.write("<", table.concat(parts, " "), ">")
end
return M
)";

std::string honest_text(int count) {
  std::string out;
  for (int i = 1; i <= count; ++i)
    out += "<" + std::to_string(i) + " a 1-2 table 1 true 3 true flowactors 2 [1] nil>";
  return out;
}

struct reach {
  const char* name;
  const char* text; // the body of a function that returns something true if it got what it wanted
};

constexpr reach reaches[] = {
  {"FFI by require", "return require('ffi')"},
  {"FFI through package.loaded", "return package.loaded.ffi or package.loaded['ffi']"},
  {"FFI through package.preload", "return package.preload.ffi"},
  {"FFI through the loaders",
   "for _, loader in ipairs(package.loaders) do local f = loader('ffi') if type(f) == 'function' then return f() end end"},
  {"package.loadlib", "return package.loadlib and package.loadlib('libc.so.6', '*')"},
  {"files", "return io.open('/etc/passwd')"},
  {"files by lines", "for line in io.lines('/etc/passwd') do return line end"},
  {"files by dofile", "return dofile('/etc/hostname')"},
  {"files by loadfile", "return loadfile('/etc/hostname')"},
  {"files by package.path",
   "package.path = '/etc/?' .. package.path local ok, text = pcall(require, 'hostname') return ok"},
  {"files above the folder",
   "return loadfile(ntop.getDirs().installdir .. '/scripts/lua/modules/../../../outside.lua')"},
  {"files above the folder by require", "return pcall(require, '....outside')"},
  {"programs", "return os.execute('true') or io.popen('true')"},
  {"the process's environment", "return os.getenv('PATH')"},
  {"the end of the process", "os.exit(0) return false"},
  {"the locale of the process", "return os.setlocale('C')"},
  {"removing files", "return os.remove('/tmp/x') or os.rename('/tmp/x', '/tmp/y')"},
  {"debug.getregistry", "return debug.getregistry()"},
  {"debug.getupvalue", "return debug.getupvalue(flow.dump, 1)"},
  {"debug.setmetatable", "return debug.setmetatable('', {})"},
  {"debug.sethook", "return debug.sethook(function() end, '', 1)"},
  {"a function from debug.getinfo",
   "for level = 0, 10 do local i = debug.getinfo(level) if i and i.func then return i.func end end"},
  {"the program's environment by levels",
   "for level = 0, 50 do local ok, e = pcall(getfenv, level) if ok and e ~= _G then return e end end"},
  {"the program's environment by its functions",
   "for _, f in ipairs({flow.dump, pcall, print, io.write, require, string.format, ntop.getCache, coroutine.wrap}) do "
   "if getfenv(f) ~= _G then return true end end"},
  {"changing the program's functions",
   "for _, f in ipairs({flow.dump, print, io.write, require, pcall}) do if pcall(setfenv, f, {}) then return true end end"},
  {"changing the program's environment by level",
   "for level = 0, 20 do pcall(setfenv, level + 2, {type = 1}) end return false"},
  {"module inside of the program's functions",
   "pcall(load, function() module('x') return nil end) pcall(setmetatable({}, {__index = module}).x) return _G.x and getfenv(flow.dump) ~= _G"},
  {"the metatable of texts",
   "local m = getmetatable('') if type(m) == 'table' then m.__index.attacked = 'yes' return true end"},
  {"methods of texts through the own table",
   "string.attacked = 'yes' string.format = function() return 'spoiled' end return ('%d'):format(1) == 'spoiled'"},
  {"tables of the libraries",
   "table.concat = nil math.floor = nil bit.band = nil ntop.getInfo = nil flow.dump = nil io.write2 = 1 attacked = 1 _G.attacked = 1 "
   "return false"},
  {"tables of modules",
   "local json = require('json') json.encode = function() return 'spoiled' end return false"},
  {"metatables of the offered tables",
   "return type(getmetatable(ntop)) == 'table' or type(getmetatable(io)) == 'table'"},
  {"bytecode", "return loadstring('\\27LJ\\2\\0')"},
  {"bytecode behind a comment", "return loadstring('#\\n\\27LJ\\2\\0')"},
  {"bytecode behind a byte order mark", "return loadstring('\\239\\187\\191\\27LJ\\2\\0')"},
  {"bytecode by pieces",
   "local n = 0 return load(function() n = n + 1 return ({'\\27', 'LJ', '\\2'})[n] end)"},
  {"string.dump", "return string.dump and string.dump(function() end) or ('x').dump"},
  {"finalisers", "return newproxy(true)"},
  {"finalisers in metatables", "return setmetatable({}, {__gc = function() end})"},
  {"control of the collector",
   "collectgarbage('stop') collectgarbage('setpause', 1000) return collectgarbage('step') ~= 0"},
  {"control of the compiler",
   "return jit.off or jit.flush or jit.attach or package.loaded['jit.opt'] or package.loaded['jit.util']"},
  {"literals that are cdata",
   "local x = 1LL local ok, value = pcall(function() return x.a or x[0] end) if ok then return value end return type(getmetatable(x)) == 'table'"},
  {"arithmetic with cdata",
   "local x = -9223372036854775807LL - 1 return (x / -1LL) == nil or (x % 0LL) == nil"},
  {"names of the checks",
   "return loadstring('__fa_n = 1e300') and loadstring('local __fa_n = 1e300 return __fa_n')() == 1e300 and false"},
  {"text that leaves the checks' function",
   "return loadstring('end, os.exit() do') or loadstring('end return function() ')"},
  {"error objects",
   "local ok, e = pcall(error, setmetatable({}, {__tostring = function() return getfenv(2) end})) return getmetatable(e) == nil"},
  {"the handler of xpcall",
   "local got xpcall(function() error('x') end, function() for l = 0, 20 do local ok, e = pcall(getfenv, l) if ok and e ~= _G then got = e end end end) "
   "return got"},
  {"coroutines of others", "return coroutine.running() and getfenv(coroutine.running())"},
  {"yielding from a callback", "local ok = pcall(coroutine.yield, 1) return ok"},
  {"the global table's metatable",
   "setmetatable(_G, {__index = function() return 'spoiled' end, __newindex = function() end}) return false"},
};

struct drain {
  const char* name;
  const char* text; // the body of a callback
};

// Loops that the checks of the limits stop, or the watchdog.
constexpr drain endless[] = {
  {"an endless loop", "while true do end"},
  {"an endless goto", "::again:: goto again"},
  {"endless tail calls", "local function f() return f() end f()"},
  {"an endless loop in pcall", "while true do pcall(function() while true do end end) end"},
  {"an endless handler", "xpcall(function() error('x') end, function() while true do end end)"},
  {"a handler that goes on",
   "while true do xpcall(function() while true do end end, function() return 1 end) end"},
  {"an endless coroutine", "coroutine.wrap(function() while true do end end)()"},
  {"coroutines that are thrown away",
   "while true do local c = coroutine.create(function() while true do end end) coroutine.resume(c) end"},
  {"an endless iterator", "for _ in function() return 1 end do end"},
  {"an endless metamethod",
   "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) local x = t[1]"},
  {"an error object that never ends",
   "error(setmetatable({}, {__tostring = function() while true do end end}))"},
  {"loops in loaded text", "loadstring('while true do end')()"},
  {"exponential recursion", "local function f() pcall(f) pcall(f) end f()"},
  {"a loop in a comparison", "table.sort({3, 2, 1}, function() while true do end end)"},
  {"exploding traces",
   "local fs = {} for i = 1, 1e9 do fs[i % 500] = loadstring('local n = 0 for k = 1, 100 do n = n + ' .. i .. ' end return n') fs[i % 500]() end"},
};

constexpr drain greedy[] = {
  {"doubling a text", "local s = 'x' while true do s = s .. s end"},
  {"a table that grows", "local t = {} for i = 1, 1e9 do t[i] = {i} end"},
  {"a table of texts", "local t = {} for i = 1, 1e9 do t[i] = tostring(i) .. 'some text' end"},
  {"a table that keeps growing",
   "kept = kept or {} for i = 1, 1000 do kept[#kept + 1] = {i, {}, {}} end"},
  {"caught errors of memory",
   "while true do pcall(function() local t = {} for i = 1, 1e9 do t[i] = {} end end) end"},
  {"coroutines that are kept",
   "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(function() coroutine.yield() end) coroutine.resume(t[i]) end"},
  {"closures that are kept",
   "local t = {} for i = 1, 1e9 do t[i] = function() return i, t end end"},
};

std::string wrapped(const reach& attack) {
  return std::string{"local M = {}\nlocal function attack() "} + attack.text
         + "\nend\nlocal write, pcall = io.write, pcall\nfunction M.flowCreate()\n"
           "  local ok, got = pcall(attack)\n"
           "  write(ok and got and 'ESCAPED' or 'held')\nend\nreturn M\n";
}

std::string callback(const drain& attack) {
  return std::string{"local M = {}\nfunction M.flowCreate()\n"} + attack.text + "\nend\nreturn M\n";
}

bool broke_limits(const running& aut) {
  uint64_t count = 0;
  for (const auto& costs : aut.vm->costs())
    for (const uint64_t of_kind : costs.limits)
      count += of_kind;
  return count != 0;
}

} // namespace

CAF_TEST(what is out of reach stays out of reach) {
  for (const reach& attack : reaches) {
    CAF_MESSAGE(attack.name);
    for (const auto mode : {jit_mode::on, jit_mode::off}) {
      script_tree tree;
      std::ofstream{tree.root().parent_path() / "outside.lua"} << "return 1\n";
      tree.write("attack.lua", wrapped(attack));
      tree.write("honest.lua", honest);
      auto options = running::with(mode, nullptr, nullptr);
      options.limits.deadline = std::chrono::seconds(10);
      running aut{tree, options};
      CAF_REQUIRE(aut.vm != nullptr);
      CAF_REQUIRE(aut.vm->load_faults().empty());
      flow_record flow{};
      aut.run(event_kind::created, flow);
      CAF_CHECK_EQUAL(aut.said.written, "held" + honest_text(1));
      aut.run(event_kind::created, flow);
      for (const auto& fault : aut.said.faults)
        CAF_CHECK_EQUAL(fault.script, "attack.lua");
      CAF_CHECK_EQUAL(aut.vm->rebuilds(), 0u);
    }
  }
}

CAF_TEST(nothing that a script can reach is FFI data or userdata of the program) {
  script_tree tree;
  tree.write("walk.lua", R"(
local seen, found, count = {}, {}, 0
local function walk(value, path)
  local kind = type(value)
  if kind == "cdata" or (kind == "userdata" and value ~= global_flow) or kind == "thread" then found[#found + 1] = path end
  if kind ~= "table" or seen[value] then return end
  seen[value] = true
  count = count + 1
  local meta = getmetatable(value)
  if type(meta) == "table" then walk(meta, path .. ".meta") end
  for k, v in next, value do
    walk(k, path .. ".key")
    walk(v, path .. "." .. tostring(k))
  end
end
walk(_G, "_G")
io.write(count > 10 and "walked " or "", table.concat(found, " "))
return {}
)");
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_REQUIRE(aut.vm->load_faults().empty());
  CAF_CHECK_EQUAL(aut.said.written, "walked ");
}

CAF_TEST(calls that never end are ended) {
  for (const drain& attack : endless) {
    CAF_MESSAGE(attack.name);
    for (const auto mode : {jit_mode::on, jit_mode::off}) {
      script_tree tree;
      tree.write("attack.lua", callback(attack));
      tree.write("honest.lua", honest);
      auto options = running::with(mode, nullptr, nullptr);
      options.limits.on_limit = limit_action::stop;
      running aut{tree, options};
      CAF_REQUIRE(aut.vm != nullptr);
      CAF_REQUIRE(aut.vm->load_faults().empty());
      flow_record flow{};
      aut.run(event_kind::created, flow);
      CAF_CHECK_EQUAL(aut.said.written, honest_text(1));
      CAF_CHECK(broke_limits(aut));
      const auto conditions = aut.vm->conditions();
      CAF_CHECK_EQUAL(conditions.front().state, "off");
      aut.run(event_kind::created, flow);
      CAF_CHECK(!aut.said.faults.empty());
    }
  }
}

CAF_TEST(memory stays below the cap) {
  constexpr size_t cap = 32u << 20;
  for (const drain& attack : greedy) {
    CAF_MESSAGE(attack.name);
    for (const auto mode : {jit_mode::on, jit_mode::off}) {
      script_tree tree;
      tree.write("attack.lua", callback(attack));
      tree.write("honest.lua", honest);
      auto options = running::with(mode, nullptr, nullptr);
      options.limits.on_limit = limit_action::stop;
      options.limits.deadline = std::chrono::seconds(20);
      options.limits.memory = cap;
      running aut{tree, options};
      CAF_REQUIRE(aut.vm != nullptr);
      flow_record flow{};
      for (int i = 0; i < 1000 && aut.said.faults.empty(); ++i) {
        aut.vm->handle(event_kind::created, flow, 0);
        CAF_REQUIRE_LESS(aut.vm->memory(), cap + 1);
      }
      CAF_CHECK(broke_limits(aut));
      aut.vm->flush();
      CAF_CHECK_LESS(aut.vm->memory(), 8u << 20);
      const auto costs = aut.vm->costs();
      CAF_CHECK_EQUAL(costs[1].errors, 0u);
    }
  }
}

// C functions and coroutines within each other lie on the stack of the thread, which would end.
constexpr drain nested[] = {
  {"coroutines", "local function f() coroutine.wrap(f)() end f()"},
  {"resumed coroutines",
   "local function f() error(select(2, coroutine.resume(coroutine.create(f))), 0) end f()"},
  {"replacements", "local function f() return ('a'):gsub('a', f) end f()"},
  {"replacements by a table",
   "local t = setmetatable({}, {__index = function(t) return ('a'):gsub('a', t) end}) return t.x"},
  {"comparisons", "local function f() table.sort({3, 2, 1}, f) return false end f()"},
  {"comparisons and replacements",
   "local f function f() ('x'):gsub('.', function() table.sort({3, 2, 1}, f) end) end f()"},
  {"texts of objects",
   "local t = setmetatable({}, {__tostring = function(t) return ('%s'):format(t) end}) return tostring(t)"},
  {"coroutines and replacements",
   "local f function f() ('x'):gsub('.', function() coroutine.wrap(f)() end) end f()"},
};

CAF_TEST(calls within calls end before the stack does) {
  for (const drain& attack : nested) {
    CAF_MESSAGE(attack.name);
    for (const auto mode : {jit_mode::on, jit_mode::off}) {
      script_tree tree;
      tree.write("attack.lua", callback(attack));
      tree.write("honest.lua", honest);
      auto options = running::with(mode, nullptr, nullptr);
      options.limits.deadline = std::chrono::seconds(20);
      running aut{tree, options};
      CAF_REQUIRE(aut.vm != nullptr);
      flow_record flow{};
      aut.run(event_kind::created, flow);
      CAF_CHECK_EQUAL(aut.said.written, honest_text(1));
      const auto costs = aut.vm->costs();
      CAF_CHECK_EQUAL(costs.front().limits[static_cast<size_t>(limit_kind::recursion)], 1u);
      CAF_CHECK_EQUAL(aut.vm->rebuilds(), 0u);
    }
  }
}

CAF_TEST(coroutines are what they are in Lua) {
  script_tree tree;
  tree.write("routines.lua", R"(
local function told(...) io.write(table.concat({...}, " "), "\n") end
local next_one = coroutine.wrap(function(a)
  local b, c = coroutine.yield(a + 1, a + 2)
  return b * c
end)
told(next_one(1))
told(next_one(5, 6))
told(select(2, pcall(next_one)))
told(select(2, pcall(coroutine.wrap(function() error("failed") end))))
told(select(2, pcall(function() coroutine.wrap(function() error("failed") end)() end)))
told(select(2, pcall(coroutine.wrap(function() error({"object"}) end)))[1])
told(select(2, pcall(coroutine.wrap, 1)))
told(tostring(coroutine.resume(coroutine.create(function() return coroutine.running() end))))
return {}
)");
  for (const auto mode : {jit_mode::on, jit_mode::off}) {
    running aut{tree, mode};
    CAF_REQUIRE(aut.vm != nullptr);
    CAF_CHECK(aut.vm->load_faults().empty());
    CAF_CHECK_EQUAL(aut.said.written,
                    "2 3\n30\ncannot resume dead coroutine\nroutines.lua:10: failed\n"
                    "routines.lua:11: routines.lua:11: failed\nobject\n"
                    "bad argument #1 to 'wrap' (function expected, got number)\ntrue\n");
  }
}

CAF_TEST(deep recursion is a broken limit) {
  script_tree tree;
  tree.write("attack.lua",
             callback({"", "local function f() return 1 + f() end while true do pcall(f) end"}));
  tree.write("honest.lua", honest);
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.said.written, honest_text(1));
  CAF_CHECK(broke_limits(aut));
}
