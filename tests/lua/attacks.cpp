#define CAF_SUITE lua_attacks
#include "tests/lua/attack_fixture.hpp"
#include "tests/suite.hpp"

// Scripts that try to get out, to disturb the others, or to stop the capture. Beside each runs an
// honest one, which must notice nothing.

using namespace flowactors;
using namespace flowactors::test;

namespace {

std::string wrapped(const attack& tried) {
  return std::string{"local M = {}\nlocal function attack() "} + tried.text
         + "\nend\nlocal write, pcall = io.write, pcall\nfunction M.flowCreate()\n"
           "  local ok, got = pcall(attack)\n"
           "  write(ok and got and 'ESCAPED' or 'held')\nend\nreturn M\n";
}

} // namespace

CAF_TEST(what is out of reach stays out of reach) {
  for (const attack& tried : reaches) {
    CAF_MESSAGE(tried.name);
    for (const auto mode : {jit_mode::on, jit_mode::off}) {
      script_tree tree;
      std::ofstream{tree.root().parent_path() / "outside.lua"} << "return 1\n";
      tree.write("attack.lua", wrapped(tried));
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
  for (const attack& tried : endless) {
    CAF_MESSAGE(tried.name);
    for (const auto mode : {jit_mode::on, jit_mode::off}) {
      script_tree tree;
      tree.write("attack.lua", callback(tried));
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
  for (const attack& tried : greedy) {
    CAF_MESSAGE(tried.name);
    for (const auto mode : {jit_mode::on, jit_mode::off}) {
      script_tree tree;
      tree.write("attack.lua", callback(tried));
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
      for (int i = 0; i < 200 && aut.vm->memory() >= 8u << 20; ++i)
        aut.vm->flush(); // what is garbage goes step by step
      CAF_CHECK_LESS(aut.vm->memory(), 8u << 20);
      const auto costs = aut.vm->costs();
      CAF_CHECK_EQUAL(costs[1].errors, 0u);
    }
  }
}

CAF_TEST(calls within calls end before the stack does) {
  for (const attack& tried : nested) {
    CAF_MESSAGE(tried.name);
    for (const auto mode : {jit_mode::on, jit_mode::off}) {
      script_tree tree;
      tree.write("attack.lua", callback(tried));
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
