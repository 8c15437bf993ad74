#define CAF_SUITE lua_limits
#include "lua/output_meter.hpp"
#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

#include <algorithm>

using namespace flowactors;
using namespace flowactors::test;

namespace {

// Speaks at every kind, fails at each seventh flow, and remembers.
constexpr char talker[] = R"(
local M, n = {}, 0
local function say(what)
  return function()
    n = n + 1
    local id = flow.getFirstSeen()
    if id % 7 == 3 then error("seven") end
    io.write(what, id, ":", n, " ")
  end
end
M.flowCreate, M.flowUpdate, M.flowDelete = say("c"), say("u"), say("d")
return M
)";

std::vector<flow_record> flows_of(size_t count) {
  std::vector<flow_record> flows(count);
  for (size_t i = 0; i < count; ++i)
    flows[i].first_seen_ns = static_cast<int64_t>(i) * 1'000'000'000;
  return flows;
}

std::vector<script_event> events_of(std::vector<flow_record>& flows) {
  std::vector<script_event> events;
  for (size_t i = 0; i < flows.size(); ++i)
    events.push_back({&flows[i], static_cast<int64_t>(i), static_cast<event_kind>(i * 5 % 4)});
  return events;
}

std::string body(const std::string& text) {
  return "local M = {}\nfunction M.flowCreate()\n" + text + "\nend\nreturn M\n";
}

script_vm_options with_limits(jit_mode mode, limit_action action) {
  auto options = running::with(mode, nullptr, nullptr);
  options.limits.on_limit = action;
  return options;
}

uint64_t sum(const limit_counts& counts) {
  uint64_t out = 0;
  for (const uint64_t count : counts)
    out += count;
  return out;
}

uint64_t of(const callback_costs& costs, limit_kind kind) {
  return costs.limits[static_cast<size_t>(kind)];
}

const jit_mode both[] = {jit_mode::on, jit_mode::off};

} // namespace

CAF_TEST(a batch gives each script what single calls give it) {
  for (const auto mode : both)
    for (const size_t size : {1u, 7u, 8u, 64u, 300u}) {
      script_tree tree;
      tree.write("a.lua", talker);
      auto flows = flows_of(size);
      const auto events = events_of(flows);
      running one{tree, mode}, all{tree, mode};
      CAF_REQUIRE(one.vm != nullptr && all.vm != nullptr);
      for (int round = 0; round < 50; ++round) {
        for (const auto& event : events)
          one.vm->handle(event.kind, *event.flow, event.now_ns);
        all.vm->handle(events);
      }
      one.vm->flush();
      all.vm->flush();
      CAF_CHECK(one.said.written == all.said.written);
      CAF_CHECK(!all.said.written.empty());
      CAF_CHECK_EQUAL(one.said.faults.size(), all.said.faults.size());
      const auto singly = one.vm->costs(), together = all.vm->costs();
      CAF_REQUIRE_EQUAL(singly.size(), together.size());
      for (size_t i = 0; i < singly.size(); ++i) {
        CAF_CHECK_EQUAL(singly[i].calls, together[i].calls);
        CAF_CHECK_EQUAL(singly[i].errors, together[i].errors);
      }
      for (size_t k = 0; k < event_kind_count; ++k)
        CAF_CHECK_EQUAL(one.vm->handled(static_cast<event_kind>(k)),
                        all.vm->handled(static_cast<event_kind>(k)));
    }
}

CAF_TEST(scripts see a batch one after the other) {
  script_tree tree;
  tree.write("a.lua", body("io.write('a')"));
  tree.write("b.lua", body("io.write('b') error('each time')"));
  tree.write("c.lua", body("io.write('c')"));
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  auto flows = flows_of(10);
  std::vector<script_event> events;
  for (auto& flow : flows)
    events.push_back({&flow, 0, event_kind::created});
  aut.vm->handle(events);
  aut.vm->handle(std::span<const script_event>{});
  aut.vm->flush();
  CAF_CHECK_EQUAL(aut.said.written, "aaaaaaaaaabbbbbbbbbbcccccccccc");
  const auto costs = aut.vm->costs();
  CAF_CHECK_EQUAL(costs[1].errors, 10u);
}

CAF_TEST(in a batch the deadline is that of each call) {
  for (const auto mode : both) {
    script_tree tree;
    tree.write("a.lua",
               body("local n = 0 for i = 1, 20000 do n = n + i end "
                    "if flow.getFirstSeen() == 20 then while true do end end io.write('.')"));
    auto options = with_limits(mode, limit_action::keep);
    options.limits.deadline = std::chrono::milliseconds(100);
    running aut{tree, options};
    CAF_REQUIRE(aut.vm != nullptr);
    auto flows = flows_of(64);
    std::vector<script_event> events;
    for (auto& flow : flows)
      events.push_back({&flow, 0, event_kind::created});
    aut.vm->handle(events);
    aut.vm->flush();
    CAF_CHECK_EQUAL(aut.said.written, std::string(63, '.'));
    const auto costs = aut.vm->costs();
    CAF_CHECK_EQUAL(costs[0].calls, 64u);
    CAF_CHECK_EQUAL(costs[0].errors, 1u);
    CAF_CHECK_EQUAL(of(costs[0], limit_kind::deadline), 1u);
    CAF_REQUIRE_EQUAL(aut.said.faults.size(), 1u);
    CAF_CHECK(aut.said.faults[0].text.starts_with("limit: deadline: "));
  }
}

CAF_TEST(a machine that had to be left goes on behind the event) {
  for (const auto mode : both)
    for (const bool batched : {true, false}) {
      script_tree tree;
      tree.write("a.lua",
                 body("local s = 'x' while flow.getFirstSeen() % 16 == 5 do s = s .. s end "
                      "io.write('.')"));
      tree.write("b.lua", body("io.write('b')"));
      auto options = with_limits(mode, limit_action::keep);
      options.limits.memory = 8u << 20;
      options.limits.deadline = std::chrono::seconds(20);
      running aut{tree, options};
      CAF_REQUIRE(aut.vm != nullptr);
      auto flows = flows_of(64);
      std::vector<script_event> events;
      for (auto& flow : flows)
        events.push_back({&flow, 0, event_kind::created});
      if (batched)
        aut.vm->handle(events);
      else
        for (const auto& event : events)
          aut.vm->handle(event.kind, *event.flow, event.now_ns);
      aut.vm->flush();
      CAF_CHECK_EQUAL(aut.vm->rebuilds(), 4u);
      const auto costs = aut.vm->costs();
      CAF_CHECK_EQUAL(costs[0].calls, 64u);
      CAF_CHECK_EQUAL(costs[0].errors, 4u);
      CAF_CHECK_EQUAL(of(costs[0], limit_kind::memory), 4u);
      CAF_CHECK_EQUAL(costs[1].calls, 64u);
      CAF_CHECK_EQUAL(costs[1].errors, 0u);
      CAF_CHECK_EQUAL(std::ranges::count(aut.said.written, '.'), 60);
      CAF_CHECK_EQUAL(std::ranges::count(aut.said.written, 'b'), 64);
      CAF_REQUIRE(!aut.said.faults.empty());
      CAF_CHECK(aut.said.faults[0].text.starts_with("limit: memory: "));
    }
}

CAF_TEST(a script that breaks its limits is suspended and tried again and then off) {
  script_tree tree;
  tree.write("a.lua", body("while true do end"));
  tree.write("b.lua", body("io.write('b')"));
  auto options = with_limits(jit_mode::automatic, limit_action::suspend);
  options.limits.breaches = 2;
  options.limits.retry_after = std::chrono::hours(1);
  running aut{tree, options};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  for (int i = 0; i < 10; ++i)
    aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.said.written, std::string(10, 'b'));
  auto costs = aut.vm->costs();
  CAF_CHECK_EQUAL(costs[0].calls, 2u);
  CAF_CHECK_EQUAL(costs[0].suspended, 8u);
  CAF_CHECK_EQUAL(sum(costs[0].limits), 2u);
  auto conditions = aut.vm->conditions();
  CAF_REQUIRE_EQUAL(conditions.size(), 2u);
  CAF_CHECK_EQUAL(conditions[0].state, "suspended");
  CAF_CHECK_EQUAL(conditions[0].breaches, 2u);
  CAF_CHECK(conditions[0].reason.starts_with("limit: deadline: "));
  CAF_CHECK_EQUAL(conditions[1].state, "running");
  CAF_REQUIRE_EQUAL(aut.said.lines.size(), 1u);
  CAF_CHECK_EQUAL(aut.said.lines[0].script, "a.lua");
  CAF_CHECK(aut.said.lines[0].text.starts_with("the script is suspended for 3600 s: 2 breaches"));

  options.limits.retry_after = std::chrono::nanoseconds(1);
  running hasty{tree, options};
  CAF_REQUIRE(hasty.vm != nullptr);
  for (int i = 0; i < 10; ++i)
    hasty.run(event_kind::created, flow);
  costs = hasty.vm->costs();
  CAF_CHECK_EQUAL(costs[0].calls, 3u); // two, and the trial
  CAF_CHECK_EQUAL(costs[0].suspended, 7u);
  conditions = hasty.vm->conditions();
  CAF_CHECK_EQUAL(conditions[0].state, "off");
}

CAF_TEST(a suspended script gets no event of a batch and the others get all) {
  for (const auto mode : both) {
    script_tree tree;
    tree.write("a.lua",
               body("if flow.getFirstSeen() == 9 then while true do end end io.write('a')"));
    tree.write("b.lua", body("io.write('b')"));
    running aut{tree, with_limits(mode, limit_action::stop)};
    CAF_REQUIRE(aut.vm != nullptr);
    auto flows = flows_of(20);
    std::vector<script_event> events;
    for (auto& flow : flows)
      events.push_back({&flow, 0, event_kind::created});
    aut.vm->handle(events);
    aut.vm->handle(events);
    aut.vm->flush();
    CAF_CHECK_EQUAL(aut.said.written, std::string(9, 'a') + std::string(40, 'b'));
    const auto costs = aut.vm->costs();
    CAF_CHECK_EQUAL(costs[0].calls, 10u);
    CAF_CHECK_EQUAL(costs[0].suspended, 30u);
    CAF_CHECK_EQUAL(costs[1].calls, 40u);
  }
}

CAF_TEST(what is written beyond the bound of a second is dropped and told once) {
  script_tree tree;
  tree.write("a.lua", body("io.write(('x'):rep(1000))"));
  auto options = with_limits(jit_mode::automatic, limit_action::suspend);
  options.limits.output = 5'500;
  running aut{tree, options};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  for (int i = 0; i < 10; ++i)
    aut.vm->handle(event_kind::created, flow, 0);
  aut.vm->flush();
  CAF_CHECK_EQUAL(aut.said.written.size(), 5'500u);
  CAF_CHECK_EQUAL(aut.vm->output_dropped(), 4'500u);
  CAF_CHECK_EQUAL(aut.said.lines.size(), 1u);
  output_meter meter;
  meter.set_most(100);
  CAF_CHECK_EQUAL(meter.take(80, 0), 80u);
  CAF_CHECK_EQUAL(meter.take(80, 999'999'999), 20u);
  CAF_CHECK_EQUAL(meter.take(80, 1'000'000'000), 80u);
  CAF_CHECK_EQUAL(meter.dropped(), 60u);
}

CAF_TEST(a file that does not end or takes all memory is left out) {
  script_tree tree;
  tree.write("a.lua", "while true do end\n");
  tree.write("b.lua", "local s = 'x'\nwhile true do s = s .. s end\n");
  tree.write("c.lua", "local t = {}\nfor i = 1, 1e9 do t[i] = {} end\n");
  tree.write("d.lua", "pcall(function() while true do end end)\nreturn {}\n");
  tree.write("z.lua", body("io.write('z')"));
  auto options = with_limits(jit_mode::automatic, limit_action::suspend);
  options.limits.load_deadline = std::chrono::milliseconds(200);
  options.limits.memory = 8u << 20;
  running aut{tree, options};
  CAF_REQUIRE(aut.vm != nullptr);
  const auto& faults = aut.vm->load_faults();
  CAF_REQUIRE_EQUAL(faults.size(), 4u);
  CAF_CHECK(faults[0].what.find("a.lua:1: limit: deadline: ") != std::string::npos);
  CAF_CHECK(faults[1].what.find("b.lua:1: limit: ") != std::string::npos);
  CAF_CHECK(faults[2].what.find("c.lua:2: limit: memory: ") != std::string::npos);
  CAF_CHECK(faults[3].what.find("d.lua:1: limit: deadline: ") != std::string::npos);
  flow_record flow{};
  aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.said.written, "z");
}

CAF_TEST(the greedy script gets the errors of memory and not its neighbour) {
  for (const auto mode : both) {
    script_tree tree;
    tree.write("a.lua",
               body("local n = 0 for i = 1, 3000 do n = n + i end last = {n} io.write('a')"));
    tree.write("b.lua", "local kept = {}\n" + body("for i = 1, 3000 do kept[#kept + 1] = {i} end"));
    auto options = with_limits(mode, limit_action::keep);
    options.limits.memory = 8u << 20;
    options.limits.deadline = std::chrono::seconds(20);
    running aut{tree, options};
    CAF_REQUIRE(aut.vm != nullptr);
    flow_record flow{};
    for (int i = 0; i < 60; ++i)
      aut.run(event_kind::created, flow);
    CAF_CHECK_EQUAL(aut.said.written, std::string(60, 'a'));
    const auto costs = aut.vm->costs();
    CAF_CHECK_EQUAL(costs[0].errors, 0u);
    CAF_CHECK_NOT_EQUAL(of(costs[1], limit_kind::memory), 0u);
  }
}

CAF_TEST(memory that small blocks have left is there for large ones and the other way round) {
  for (const auto mode : both) {
    script_tree tree;
    tree.write("a.lua", R"(
local M, kept, turn = {}, nil, 0
function M.flowCreate()
  turn = turn + 1
  kept = {}
  if turn % 2 == 1 then
    for k = 1, 100000 do kept[k] = {k} end
  else
    for k = 1, 10 do kept[k] = ("x"):rep(1000000 + k) end
  end
  kept = nil
end
return M
)");
    auto options = with_limits(mode, limit_action::keep);
    options.limits.memory = 32u << 20;
    options.limits.deadline = std::chrono::seconds(20);
    running aut{tree, options};
    CAF_REQUIRE(aut.vm != nullptr);
    flow_record flow{};
    for (int i = 0; i < 40; ++i) {
      aut.run(event_kind::created, flow);
      CAF_CHECK_LESS(aut.vm->memory(), options.limits.memory + 1);
    }
    const auto costs = aut.vm->costs();
    CAF_CHECK_EQUAL(costs[0].errors, 0u);
    CAF_CHECK_EQUAL(aut.vm->rebuilds(), 0u);
  }
}

CAF_TEST(the steps of a pattern are a setting) {
  for (const auto mode : both) {
    script_tree tree;
    tree.write("a.lua", body("(('a'):rep(60)):find('.-.-b') io.write('.')"));
    auto options = with_limits(mode, limit_action::keep);
    options.limits.deadline = std::chrono::seconds(10);
    running roomy{tree, options};
    options.limits.pattern_steps = 10'000;
    running narrow{tree, options};
    CAF_REQUIRE(roomy.vm != nullptr && narrow.vm != nullptr);
    flow_record flow{};
    roomy.run(event_kind::created, flow);
    narrow.run(event_kind::created, flow);
    CAF_CHECK_EQUAL(roomy.said.written, ".");
    CAF_CHECK_EQUAL(narrow.said.written, "");
    const auto costs = narrow.vm->costs();
    CAF_CHECK_EQUAL(of(costs[0], limit_kind::pattern), 1u);
  }
}

CAF_TEST(how deep calls may be within each other is a setting) {
  for (const auto mode : both) {
    script_tree tree;
    tree.write("a.lua", "local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end\n"
                          + body("local n = flow.getFirstSeen() pcall(f, n) io.write(n, ' ')"));
    auto options = with_limits(mode, limit_action::keep);
    options.limits.deadline = std::chrono::seconds(10);
    running roomy{tree, options};
    options.limits.recursion = 500;
    running narrow{tree, options};
    CAF_REQUIRE(roomy.vm != nullptr && narrow.vm != nullptr);
    for (const int64_t depth : {4000, 400, 4000, 10}) {
      flow_record flow{};
      flow.first_seen_ns = depth * 1'000'000'000;
      roomy.run(event_kind::created, flow);
      narrow.run(event_kind::created, flow);
    }
    CAF_CHECK_EQUAL(roomy.said.written, "4000 400 4000 10 ");
    CAF_CHECK_EQUAL(narrow.said.written, "400 10 ");
    const auto costs = narrow.vm->costs();
    CAF_CHECK_EQUAL(of(costs[0], limit_kind::recursion), 2u);
  }
}

CAF_TEST(a text may not grow without end by being joined) {
  for (const auto mode : both) {
    script_tree tree;
    tree.write("a.lua", "local calls = 0\n"
                          + body("calls = calls + 1\n"
                                 "local s = ('x'):rep(5e5)\n"
                                 "if calls == 1 then for i = 1, 5 do s = s .. s end end\n"
                                 "if calls == 2 then s = s .. s .. s .. s end\n"
                                 "local n = 0 for i = 1, 5000 do n = n + i end io.write(#s, ' ')"));
    auto options = with_limits(mode, limit_action::keep);
    options.limits.deadline = std::chrono::seconds(10);
    running aut{tree, options};
    CAF_REQUIRE(aut.vm != nullptr);
    flow_record flow{};
    for (int call = 0; call < 3; ++call)
      aut.run(event_kind::created, flow);
    CAF_CHECK_EQUAL(aut.said.written, "2000000 500000 ");
    const auto costs = aut.vm->costs();
    CAF_CHECK_EQUAL(of(costs[0], limit_kind::string), 1u);
    CAF_CHECK_EQUAL(aut.vm->rebuilds(), 0u);
  }
}

// Nothing looks at the text in the call that made it; the next call pays for nothing.
CAF_TEST(a long text is the matter of the call that made it) {
  script_tree tree;
  tree.write("a.lua", "local calls = 0\nlocal half = ('x'):rep(5e5) half = half .. half .. half\n"
                        + body("calls = calls + 1\n"
                               "if calls == 1 then half = half .. half return end\n"
                               "local n = 0 for i = 1, 5000 do n = n + i end io.write(#half)"));
  auto options = with_limits(jit_mode::automatic, limit_action::keep);
  options.limits.deadline = std::chrono::seconds(10);
  running aut{tree, options};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  aut.run(event_kind::created, flow);
  aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.said.written, "3000000");
  CAF_CHECK(aut.said.faults.empty());
}

CAF_TEST(who writes most of what is too much breaks a limit and the others do not ) {
  const std::string talk = "('x'):rep(1000)";
  const std::string ways[] = {"io.write(" + talk + ")",       "print(" + talk + ")",
                              "log.info(" + talk + ")",       "io.stderr:write(" + talk + ")",
                              "ntop.syslog(0, " + talk + ")", "emit {text = " + talk + "}",
                              "io.write(('x'):rep(70000))"};
  for (const auto mode : both)
    for (const std::string& way : ways) {
      CAF_MESSAGE(way);
      script_tree tree;
      tree.write("a_honest.lua", body("io.write('.') log.info('.')"));
      tree.write("b_bomb.lua", body("pcall(function() while true do " + way + " end end)"));
      tree.write("c_honest.lua", body("io.write('.') log.info('.')"));
      auto options = with_limits(mode, limit_action::suspend);
      options.limits.deadline = std::chrono::seconds(10);
      options.limits.output = 200'000;
      running aut{tree, options};
      CAF_REQUIRE(aut.vm != nullptr);
      flow_record flow{};
      for (int call = 0; call < 20; ++call)
        aut.run(event_kind::created, flow);
      const auto costs = aut.vm->costs();
      CAF_REQUIRE_EQUAL(costs.size(), 3u);
      CAF_CHECK_EQUAL(of(costs[1], limit_kind::output), 5u);
      CAF_CHECK_EQUAL(costs[0].errors, 0u);
      CAF_CHECK_EQUAL(costs[2].errors, 0u);
      const auto conditions = aut.vm->conditions();
      CAF_CHECK_EQUAL(conditions[1].state, "suspended");
    }
}

// Where the stack is full, the error may pass a call of pcall by before it has begun.
CAF_TEST(a stack that is full around pcall leaves pcall to the others) {
  for (const auto mode : both) {
    script_tree tree;
    tree.write("a.lua",
               "local n = 0\nlocal function f() pcall(type, 1) return 1 + f() end\n"
               "local function after(...) return 1 + f() end\n"
                 + body("n = (n + 1) % 40 after(unpack({}, 1, n))"));
    tree.write("b.lua", "local function nest(n) return n == 0 or pcall(nest, n - 1) end\n"
                          + body("if nest(900) then io.write('.') end"));
    auto options = with_limits(mode, limit_action::keep);
    options.limits.deadline = std::chrono::seconds(10);
    running aut{tree, options};
    CAF_REQUIRE(aut.vm != nullptr);
    flow_record flow{};
    for (int call = 0; call < 1200; ++call)
      aut.run(event_kind::created, flow);
    CAF_CHECK_EQUAL(aut.said.written, std::string(1200, '.'));
    const auto costs = aut.vm->costs();
    CAF_CHECK_EQUAL(of(costs[0], limit_kind::recursion), 1200u);
  }
}

CAF_TEST(pcall may be a thousand deep and no deeper) {
  for (const auto mode : both)
    for (const std::string way : {"pcall(nest, n - 1)", "xpcall(nest, print, n - 1)"}) {
      script_tree tree;
      tree.write("a.lua", "local function nest(n) return n == 0 or " + way + " end\n"
                            + body("local n = flow.getFirstSeen() nest(n) io.write(n, ' ')"));
      auto options = with_limits(mode, limit_action::keep);
      options.limits.deadline = std::chrono::seconds(10);
      running aut{tree, options};
      CAF_REQUIRE(aut.vm != nullptr);
      for (const int64_t depth : {1000, 1001, 1000}) {
        flow_record flow{};
        flow.first_seen_ns = depth * 1'000'000'000;
        aut.run(event_kind::created, flow);
      }
      CAF_CHECK_EQUAL(aut.said.written, "1000 1000 ");
      const auto costs = aut.vm->costs();
      CAF_CHECK_EQUAL(of(costs[0], limit_kind::recursion), 1u);
    }
}
