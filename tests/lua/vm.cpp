#define CAF_SUITE lua_vm
#include "lua/call_costs.hpp"
#include "lua/fault_gate.hpp"
#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

using namespace flowactors;
using namespace flowactors::test;

namespace {

std::string exporting(const std::string& callback, const std::string& body) {
  return "local callbacks = {}\nfunction callbacks." + callback + "()\n" + body
         + "\nend\nreturn callbacks\n";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string fault_of(const running& aut, size_t place = 0) {
  return place < aut.vm->load_faults().size() ? aut.vm->load_faults()[place].what : "no fault";
}

uint64_t errors_of(const running& aut) {
  const auto costs = aut.vm->costs();
  return costs.front().errors;
}

uint64_t calls_of(const running& aut) {
  const auto costs = aut.vm->costs();
  return costs.front().calls;
}

} // namespace

CAF_TEST(the shipped scripts load and their callbacks are called) {
  notes said;
  script_vm_options options;
  options.root = std::filesystem::path{FLOWACTORS_SOURCE_DIR} / "scripts";
  options.output = &said;
  auto vm = script_vm::make(options);
  CAF_REQUIRE(static_cast<bool>(vm));
  CAF_CHECK((*vm)->load_faults().empty());
  CAF_CHECK((*vm)->unknown_callbacks().empty());
  CAF_REQUIRE_EQUAL((*vm)->scripts().size(), 1u);
  CAF_CHECK_EQUAL((*vm)->scripts()[0], "default.lua");
  CAF_CHECK_EQUAL((*vm)->interest(), mask_of(event_kind::created) | mask_of(event_kind::detected)
                                       | mask_of(event_kind::ended));
  flow_record flow{};
  for (int i = 0; i < 1000; ++i)
    (*vm)->handle(event_kind::created, flow, i);
  (*vm)->handle(event_kind::ended, flow, 0);
  (*vm)->handle(event_kind::updated, flow, 0);
  (*vm)->flush();
  CAF_CHECK_EQUAL((*vm)->handled(event_kind::created), 1000u);
  CAF_CHECK_EQUAL((*vm)->handled(event_kind::updated), 1u);
  const auto costs = (*vm)->costs();
  CAF_REQUIRE_EQUAL(costs.size(), 3u);
  for (const auto& cost : costs) {
    CAF_CHECK_EQUAL(cost.script, "default.lua");
    CAF_CHECK_EQUAL(cost.errors, 0u);
    CAF_CHECK_EQUAL(cost.calls, cost.callback == "flowCreate"   ? 1000u
                                : cost.callback == "flowDelete" ? 1u
                                                                : 0u);
  }
  CAF_CHECK_EQUAL(costs[0].sampled, 16u);
  CAF_CHECK(said.faults.empty());
}

CAF_TEST(scripts run in name order and only files named lua are taken) {
  script_tree tree;
  for (const char* name :
       {"b.lua", "a.lua", "c.lua", "B.lua", "d.lua~", "e.lua.bak", "f.luac", ".g.lua", "a.b.lua"})
    tree.write(name, exporting("flowCreate", "io.write('" + std::string{name} + " ')"));
  std::filesystem::create_directories(tree.inline_folder() / "folder.lua");
  std::filesystem::create_directories(tree.inline_folder() / "sub");
  std::ofstream{tree.inline_folder() / "sub/h.lua"} << exporting("flowCreate", "io.write('sub')");
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_CHECK(aut.vm->load_faults().empty());
  flow_record flow{};
  aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.said.written, "B.lua a.b.lua a.lua b.lua c.lua ");
}

CAF_TEST(a broken file is left out and named with its line) {
  script_tree tree;
  tree.write("a.lua", exporting("flowCreate", "io.write('a')"));
  tree.write("b.lua", "local callbacks = {}\n\nfunction callbacks.flowCreate(\nreturn callbacks\n");
  tree.write("c.lua", "local t\n\nreturn t.x\n");
  tree.write("d.lua", "x = 1\ny = 2\n");
  tree.write("e.lua", "require 'no_such_module'\nreturn {}\n");
  tree.write("f.lua", "error({})\n");
  tree.write("g.lua", "return 7");
  tree.write("h.lua", "\033LJ\002");
  tree.write("i.lua", "local function inner() error('deep') end\n\ninner()\n");
  std::filesystem::create_symlink("nowhere", tree.inline_folder() / "j.lua");
  tree.write("z.lua", exporting("flowCreate", "io.write('z')"));
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  const std::string folder = std::filesystem::absolute(tree.inline_folder()).string() + "/";
  CAF_CHECK_EQUAL(aut.vm->scripts().size(), 2u);
  CAF_REQUIRE_EQUAL(aut.vm->load_faults().size(), 9u);
  CAF_CHECK_EQUAL(fault_of(aut, 0), folder + "b.lua:4: <name> or '...' expected near 'return'");
  CAF_CHECK_EQUAL(fault_of(aut, 1), folder + "c.lua:3: attempt to index local 't' (a nil value)");
  CAF_CHECK_EQUAL(
    fault_of(aut, 2),
    folder
      + "d.lua:2: the file returns nothing; its last line has to return the table of callbacks");
  CAF_CHECK(
    has(fault_of(aut, 3),
        folder + "e.lua:1: module 'no_such_module' not found:\n\tno field package.preload"));
  CAF_CHECK_EQUAL(fault_of(aut, 4), folder + "f.lua:1: (error object is a table value)");
  CAF_CHECK_EQUAL(
    fault_of(aut, 5),
    folder
      + "g.lua:1: the file returns a number; its last line has to return the table of callbacks");
  CAF_CHECK_EQUAL(fault_of(aut, 6), folder + "h.lua:1: compiled Lua is not accepted");
  CAF_CHECK_EQUAL(fault_of(aut, 7), folder + "i.lua:1: deep");
  CAF_CHECK(has(fault_of(aut, 8), folder + "j.lua"));
  CAF_CHECK(aut.vm->load_faults()[0].code == ec::bad_script);
  CAF_CHECK(aut.vm->load_faults()[8].code == ec::not_found);
  flow_record flow{};
  aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.said.written, "az");
}

CAF_TEST(what is no callback is told with the nearest name and does no harm) {
  script_tree tree;
  tree.write(
    "a.lua",
    "return {flowCreated = function() end, flowdelete = function() end, print = function() end, flowUpdate = 3,\n"
    "  flowCreate = function() io.write('ok') end, somethingElse = function() end, [1] = function() end}\n");
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_CHECK(aut.vm->load_faults().empty());
  const auto& unknown = aut.vm->unknown_callbacks();
  CAF_REQUIRE_EQUAL(unknown.size(), 4u);
  CAF_CHECK_EQUAL(unknown[0], "a.lua: flowCreated (did you mean flowCreate?)");
  CAF_CHECK_EQUAL(unknown[1], "a.lua: flowdelete (did you mean flowDelete?)");
  CAF_CHECK_EQUAL(unknown[2], "a.lua: print");
  CAF_CHECK_EQUAL(unknown[3], "a.lua: somethingElse");
  CAF_CHECK_EQUAL(aut.vm->interest(), mask_of(event_kind::created));
  flow_record flow{};
  aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.said.written, "ok");
}

CAF_TEST(each script has globals and modules of its own) {
  script_tree tree;
  tree.write(
    "shared.lua",
    "local callbacks = {}\ncount = (count or 0) + 1\nfunction callbacks.flowCreate() io.write('') end\nreturn callbacks\n");
  tree.write(
    "a.lua",
    "local shared = require 'shared'\nprint = nil\ntable_of_a = {}\nmine = 'a'\nlua = require 'lua_utils'\n"
    "return {flowCreate = function() io.write(mine, count, tostring(type(bit) == 'function')) end}\n");
  tree.write(
    "b.lua",
    "require 'shared'\nrequire 'shared'\nassert(table_of_a == nil and mine == nil)\nassert(_G.count == 1)\nmine = 'b'\n"
    "return {flowCreate = function() io.write(mine, count, tostring(type(bit) == 'table'), tostring(print ~= nil)) end}\n");
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_CHECK_EQUAL(fault_of(aut), "no fault");
  flow_record flow{};
  aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.said.written, "a1trueb1truetrue");
}

CAF_TEST(the error of one script does not touch the others) {
  for (const auto mode : {jit_mode::on, jit_mode::off}) {
    script_tree tree;
    tree.write("a.lua", exporting("flowCreate", "io.write('a')"));
    tree.write("b.lua", exporting("flowCreate", "io.write('b') local x = nil; x.y = 1"));
    tree.write("c.lua", exporting("flowCreate", "io.write('c')"));
    running aut{tree, mode};
    CAF_REQUIRE(aut.vm != nullptr);
    flow_record flow{};
    for (int i = 0; i < 500; ++i)
      aut.vm->handle(event_kind::created, flow, 0);
    aut.vm->flush();
    std::string expected;
    for (int i = 0; i < 500; ++i)
      expected += "abc";
    CAF_CHECK_EQUAL(aut.said.written, expected);
    CAF_REQUIRE_EQUAL(aut.said.faults.size(), 1u);
    CAF_CHECK_EQUAL(aut.said.faults[0].script, "b.lua");
    CAF_CHECK_EQUAL(aut.said.faults[0].callback, "flowCreate");
    CAF_CHECK_EQUAL(aut.said.faults[0].count, 1u);
    CAF_CHECK(has(aut.said.faults[0].text, "b.lua:3: attempt to index local 'x' (a nil value)"));
    CAF_CHECK(has(aut.said.faults[0].text, "stack traceback:\n\tb.lua:3: in function"));
    for (const auto& cost : aut.vm->costs()) {
      CAF_CHECK_EQUAL(cost.calls, 500u);
      CAF_CHECK_EQUAL(cost.errors, cost.script == "b.lua" ? 500u : 0u);
    }
  }
}

CAF_TEST(errors of every shape are caught) {
  script_tree tree;
  tree.write("a.lua", exporting("flowCreate", "error({code = 7})"));
  tree.write("b.lua",
             exporting("flowCreate",
                       "error(setmetatable({}, {__tostring = function() return 'told' end}))"));
  tree.write("c.lua", exporting("flowCreate", "local function f() return f() + 1 end f()"));
  tree.write("d.lua", exporting("flowCreate", "error()"));
  tree.write("e.lua",
             exporting("flowCreate",
                       "error(setmetatable({}, {__tostring = function() error('again') end}))"));
  tree.write("f.lua",
             exporting("flowCreate", "coroutine.wrap(function() error('in a coroutine') end)()"));
  tree.write("g.lua", exporting("flowCreate", "string.rep('x', -1):bad()"));
  tree.write("h.lua", exporting("flowCreate", "ntop.syslog(false)"));
  tree.write("i.lua", exporting("flowCreate", "io.write({})"));
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  aut.run(event_kind::created, flow);
  CAF_REQUIRE_EQUAL(aut.said.faults.size(), 9u);
  CAF_CHECK(has(aut.said.faults[0].text, "(error object is a table value)"));
  CAF_CHECK(has(aut.said.faults[1].text, "told"));
  CAF_CHECK(has(aut.said.faults[2].text, "stack overflow"));
  CAF_CHECK(has(aut.said.faults[3].text, "(error object is a nil value)"));
  CAF_CHECK(!aut.said.faults[4].text.empty());
  CAF_CHECK(has(aut.said.faults[5].text, "in a coroutine"));
  CAF_CHECK(has(aut.said.faults[6].text, "attempt to call method 'bad'"));
  CAF_CHECK(has(aut.said.faults[7].text, "bad argument #2 to 'syslog'"));
  CAF_CHECK(
    has(aut.said.faults[8].text, "bad argument #1 to 'write' (string expected, got table)"));
}

CAF_TEST(a million errors cost no memory and are told once) {
  script_tree tree;
  tree.write("a.lua",
             "local n = 0\n" + exporting("flowCreate", "n = n + 1 error('number ' .. n % 3)"));
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  const auto run = [&](int times) {
    for (int i = 0; i < times; ++i) {
      aut.vm->handle(event_kind::created, flow, 0);
      if (i % 64 == 0)
        aut.vm->flush();
    }
  };
  run(10'000);
  run(990'000);
  CAF_CHECK_LESS(aut.vm->memory(), 8u << 20);
  CAF_CHECK_EQUAL(aut.said.faults.size(), 3u);
  CAF_CHECK_EQUAL(errors_of(aut), 1'000'000u);
}

CAF_TEST(memory stays bounded when each callback makes garbage) {
  for (const auto mode : {jit_mode::on, jit_mode::off}) {
    script_tree tree;
    tree.write("a.lua", "local last\n" + exporting("flowCreate", "last = flow.dump()"));
    running aut{tree, mode};
    CAF_REQUIRE(aut.vm != nullptr);
    flow_record flow{};
    flow.protocol = 6;
    size_t most = 0;
    for (int i = 0; i < 300'000; ++i) {
      flow.client_port = static_cast<uint16_t>(i);
      aut.vm->handle(event_kind::created, flow, 0);
      if (i % 64 == 0)
        aut.vm->flush();
      most = std::max(most, aut.vm->memory());
    }
    CAF_CHECK_LESS(most, 16u << 20);
    // Nor may it grow when nobody flushes.
    for (int i = 0; i < 100'000; ++i) {
      aut.vm->handle(event_kind::created, flow, 0);
      most = std::max(most, aut.vm->memory());
    }
    CAF_CHECK_LESS(most, 16u << 20);
    CAF_CHECK_EQUAL(errors_of(aut), 0u);
  }
}

CAF_TEST(errors of a kind are told at most once a minute with their count) {
  constexpr int64_t second = 1'000'000'000;
  fault_gate gate;
  CAF_CHECK_EQUAL(gate.note("a", 0), 1u);
  CAF_CHECK_EQUAL(gate.note("a", second), 0u);
  CAF_CHECK_EQUAL(gate.note("b", second), 1u);
  CAF_CHECK_EQUAL(gate.note("a", 59 * second), 0u);
  CAF_CHECK_EQUAL(gate.note("a", 60 * second), 3u);
  CAF_CHECK_EQUAL(gate.note("a", 119 * second), 0u);
  CAF_CHECK_EQUAL(gate.note("a", 500 * second), 2u);
  fault_gate crowded;
  uint64_t tellings = 0;
  for (int i = 0; i < 100'000; ++i)
    tellings += crowded.note(std::to_string(i), second) != 0 ? 1 : 0;
  CAF_CHECK_EQUAL(tellings, fault_gate::max_kinds + 1);
  CAF_CHECK_EQUAL(crowded.note("100000", 61 * second), 1u); // the places are free again
}

CAF_TEST(durations come back from the histogram) {
  call_costs costs;
  CAF_CHECK_EQUAL(costs.quantile(0.99), 0.0);
  for (int i = 1; i <= 1000; ++i)
    costs.add(i);
  CAF_CHECK_EQUAL(costs.sampled(), 1000u);
  CAF_CHECK_EQUAL(costs.mean(), 500.5);
  CAF_CHECK_EQUAL(costs.max(), 1000.0);
  CAF_CHECK(costs.quantile(0.5) >= 500 && costs.quantile(0.5) <= 532);
  CAF_CHECK(costs.quantile(0.99) >= 990 && costs.quantile(0.99) <= 1000);
  CAF_CHECK_EQUAL(costs.quantile(1), 1000.0);
  costs.add(-5);
  costs.add(int64_t{1} << 62);
  CAF_CHECK_EQUAL(costs.max(), static_cast<double>(int64_t{1} << 62));
}

CAF_TEST(what scripts write comes out in order and whole) {
  script_tree tree;
  tree.write(
    "a.lua",
    "io.write('loading\\n')\nlocal n = 0\n"
      + exporting(
        "flowCreate",
        "n = n + 1 io.write(n, ' ') io.stdout:write('x', 1.5, '\\n') assert(io.write() == true)"));
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_CHECK_EQUAL(aut.said.written, "loading\n");
  aut.said.written.clear();
  flow_record flow{};
  std::string expected;
  for (int i = 1; i <= 20'000; ++i) { // more than the buffer holds
    aut.vm->handle(event_kind::created, flow, 0);
    expected += std::to_string(i) + " x1.5\n";
  }
  aut.vm->flush();
  CAF_CHECK(aut.said.written == expected);
  aut.vm->flush();
  CAF_CHECK(aut.said.written == expected);
}

CAF_TEST(print logs its first argument) {
  script_tree tree;
  tree.write(
    "a.lua",
    exporting("flowCreate",
              "print('hello', 'ignored') print(1.5) print('') print(nil) print({}) print(true)"));
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  aut.run(event_kind::created, flow);
  const auto& lines = aut.said.lines;
  CAF_REQUIRE_EQUAL(lines.size(), 5u);
  CAF_CHECK_EQUAL(lines[0].text, "hello");
  CAF_CHECK_EQUAL(lines[0].script, "a.lua");
  CAF_CHECK(lines[0].severity == script_output::level::info);
  CAF_CHECK_EQUAL(lines[1].text, "1.500000");
  CAF_CHECK_EQUAL(lines[2].text, "print: a string or a number was expected, found nil");
  CAF_CHECK(lines[2].severity == script_output::level::warning);
  CAF_CHECK(has(lines[3].text, "found table"));
  CAF_CHECK(has(lines[4].text, "found boolean"));
  CAF_CHECK(aut.said.written.empty());
}

CAF_TEST(a second machine has the new code while the old one goes on) {
  script_tree tree;
  tree.write("a.lua",
             "local n = 0\n" + exporting("flowCreate", "n = n + 1 io.write('old', n, ' ')"));
  running old{tree};
  CAF_REQUIRE(old.vm != nullptr);
  flow_record flow{};
  old.run(event_kind::created, flow);
  tree.write("a.lua",
             "local n = 0\n" + exporting("flowCreate", "n = n + 1 io.write('new', n, ' ')"));
  running fresh{tree};
  CAF_REQUIRE(fresh.vm != nullptr);
  old.run(event_kind::created, flow);
  fresh.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(old.said.written, "old1 old2 ");
  CAF_CHECK_EQUAL(fresh.said.written, "new1 ");
}

CAF_TEST(a folder that is missing or is a file fails as a whole) {
  script_tree tree;
  script_vm_options options;
  options.root = tree.root();
  options.context = "nowhere";
  auto missing = script_vm::make(options);
  CAF_REQUIRE(!missing);
  CAF_CHECK(missing.failure().code == ec::not_found);
  CAF_CHECK(has(missing.failure().what, "user_scripts/nowhere"));
  std::ofstream{tree.root() / "callbacks/user_scripts/file"} << "x";
  options.context = "file";
  auto wrong = script_vm::make(options);
  CAF_REQUIRE(!wrong);
  CAF_CHECK(wrong.failure().code == ec::wrong_kind);
}

CAF_TEST(an empty folder is a machine without interest) {
  script_tree tree;
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_CHECK_EQUAL(aut.vm->interest(), 0);
  CAF_CHECK(aut.vm->scripts().empty());
  flow_record flow{};
  aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.vm->handled(event_kind::created), 1u);
}

CAF_TEST(a file that may not be read is named) {
  if (geteuid() == 0) {
    CAF_MESSAGE("skipped: root may read everything");
    CAF_CHECK(true);
    return;
  }
  script_tree tree;
  tree.write("a.lua", "return {}");
  CAF_REQUIRE_EQUAL(chmod((tree.inline_folder() / "a.lua").c_str(), 0), 0);
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_REQUIRE_EQUAL(aut.vm->load_faults().size(), 1u);
  CAF_CHECK(aut.vm->load_faults()[0].code == ec::no_permission);
}

CAF_TEST(scripts can not end the process) {
  script_tree tree;
  tree.write("a.lua", exporting("flowCreate", "os.exit(3)"));
  tree.write("b.lua", exporting("flowCreate", "io.write('still here ', type(os.time()))"));
  flow_record flow{};
  running sandboxed{tree};
  CAF_REQUIRE(sandboxed.vm != nullptr);
  sandboxed.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(sandboxed.said.written, "still here number");
  CAF_CHECK(sandboxed.said.faults.empty());
  auto options = running::with(jit_mode::automatic, nullptr, nullptr);
  options.trusted = true;
  running trusted{tree, options};
  CAF_REQUIRE(trusted.vm != nullptr);
  trusted.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(trusted.said.written, "still here number");
  CAF_CHECK_EQUAL(trusted.said.faults.size(), 1u);
}

CAF_TEST(a failing finalizer is told and nothing more) {
  script_tree tree;
  tree.write(
    "a.lua",
    exporting("flowCreate",
              "local p = newproxy(true) getmetatable(p).__gc = function() error('finalizer') end"));
  auto options = running::with(jit_mode::automatic, nullptr, nullptr);
  options.trusted = true;
  options.limits.deadline = std::chrono::seconds{60}; // many finalizers may run in one call
  running aut{tree, options};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  for (int i = 0; i < 200'000; ++i) {
    aut.vm->handle(event_kind::created, flow, 0);
    if (i % 64 == 0)
      aut.vm->flush();
  }
  CAF_CHECK(!aut.said.faults.empty());
  CAF_CHECK_LESS(aut.vm->memory(), 64u << 20);
  CAF_CHECK_EQUAL(calls_of(aut), 200'000u);
}

CAF_TEST(finalizers may fail while compiled code runs) {
  script_tree tree;
  tree.write("a.lua",
             "local ffi = require 'ffi'\n"
             "ffi.cdef 'typedef struct { int n; } finalized_thing;'\n"
             "local function fail() error('finalizer') end\n"
             "local thing = ffi.metatype('finalized_thing', {__gc = fail})\n"
             "return {flowCreate = function()\n"
             "for i = 1, 3000 do\n"
             "local p = newproxy(true)\n"
             "getmetatable(p).__gc, getmetatable(p).__len = fail, function() return 7 end\n"
             "assert(#p == 7 and #newproxy(p) == 7)\n"
             "local c, d, list = ffi.gc(ffi.new('int[1]'), fail), thing(), {}\n"
             "for k = 1, 20 do list[k] = {} end\n"
             "end end}");
  auto options = running::with(jit_mode::automatic, nullptr, nullptr);
  options.trusted = true;
  options.limits.deadline = std::chrono::seconds{60};
  running aut{tree, options};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_REQUIRE(aut.vm->load_faults().empty());
  flow_record flow{};
  for (int i = 0; i < 10; ++i)
    aut.vm->handle(event_kind::created, flow, 0);
  CAF_REQUIRE(!aut.said.faults.empty());
  for (const auto& fault : aut.said.faults)
    CAF_CHECK(fault.text.find("finalizer") != std::string::npos);
  CAF_CHECK_EQUAL(calls_of(aut), 10u);
}

CAF_TEST(errors name what may have been meant) {
  script_tree tree;
  tree.write("a.lua",
             "return {flowCreate = function() distnct{} end, "
             "flowUpdate = function() log.inf('x') end, "
             "flowDelete = function() json.encod{} end}");
  tree.write("b.lua", "local c = window_conter{}\nreturn {}");
  for (const auto mode : {jit_mode::on, jit_mode::off}) {
    running aut{tree, mode};
    CAF_REQUIRE(aut.vm != nullptr);
    CAF_REQUIRE_EQUAL(aut.vm->load_faults().size(), 1u);
    CAF_CHECK(aut.vm->load_faults()[0].what.ends_with(
      "b.lua:1: attempt to call global 'window_conter' (a nil value) "
      "(did you mean window_counter?)"));
    flow_record flow{};
    for (const auto kind : {event_kind::created, event_kind::updated, event_kind::ended})
      aut.run(kind, flow);
    CAF_REQUIRE_EQUAL(aut.said.faults.size(), 3u);
    CAF_CHECK(aut.said.faults[0].text.starts_with(
      "a.lua:1: attempt to call global 'distnct' (a nil value) (did you mean distinct?)\n"));
    CAF_CHECK(aut.said.faults[1].text.starts_with(
      "a.lua:1: log has no function 'inf' (did you mean info?)\n"));
    CAF_CHECK(aut.said.faults[2].text.starts_with(
      "a.lua:1: json has no function 'encod' (did you mean encode?)\n"));
  }
}

CAF_TEST(wrong arguments are told with the line of the script) {
  for (const char* name :
       {"mkdir", "isdir", "exists", "readdir", "fileLastChange", "notEmptyFile"}) {
    script_tree tree;
    tree.write("a.lua", std::string{"local M = {}\nfunction M.flowCreate()\n  local ok = ntop."}
                          + name + "(nil)\nend\nreturn M\n");
    running aut{tree};
    CAF_REQUIRE(aut.vm != nullptr);
    flow_record flow{};
    aut.run(event_kind::created, flow);
    CAF_REQUIRE_EQUAL(aut.said.faults.size(), 1u);
    CAF_CHECK(aut.said.faults[0].text.starts_with(std::string{"a.lua:3: bad argument #1 to '"}
                                                  + name + "' (string expected, got nil)"));
  }
}

CAF_TEST(contexts that are not there are told by few lines) {
  script_tree tree;
  tree.write("a.lua",
             "return {flowCreate = function() for i = 1, 200 do send('nowhere' .. i, 1) end end}");
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.said.lines.size(), 20u);
}
