#define CAF_SUITE lua_lifecycle

#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

#include <map>
#include <numeric>

using namespace flowactors;
using namespace flowactors::test;

namespace {

constexpr jit_mode modes[] = {jit_mode::on, jit_mode::off};
constexpr int64_t second = 1'000'000'000;

/// Keeps records, too.
class record_notes final : public notes {
public:
  bool takes_records() const noexcept override { return true; }
  bool emit(const emitted_record& from) noexcept override {
    if (!taking)
      return false;
    records.push_back(std::string(from.script) + " " + std::string(from.body) + " "
                      + std::to_string(from.now_ns / second) + " " + std::to_string(from.flow_id)
                      + " " + std::to_string(from.own_keys));
    return true;
  }

  bool taking = true;
  std::vector<std::string> records;
};

uint64_t ended(const running& run, message_end how) {
  return run.vm->messages().ended[static_cast<size_t>(how)];
}

uint64_t sent_less_ended(const running& run) {
  const message_counts& counts = run.vm->messages();
  return std::accumulate(counts.ended.begin(), counts.ended.end(), counts.sent,
                         [](uint64_t left, uint64_t gone) { return left - gone; });
}

} // namespace

CAF_TEST(hooks run in their order) {
  for (const jit_mode mode : modes) {
    script_tree tree;
    tree.write("a.lua", R"lua(
local M = {interval = 10}
function M.setup(args) io.write("setup ", args.context, " ") end
function M.tick(now) io.write("tick ", now, " ") end
function M.teardown() io.write("teardown") end
return M
)lua");
    running run(tree, mode);
    CAF_CHECK(run.vm->unknown_callbacks().empty());
    run.vm->flush(5 * second);
    CAF_CHECK_EQUAL(run.said.written, "");
    run.vm->begin();
    for (const int64_t at : {0, 100, 105, 110, 112, 145, 149, 150})
      run.vm->flush(at * second);
    run.vm->end();
    CAF_CHECK_EQUAL(run.said.written, "setup inline tick 110 tick 145 tick 150 teardown");
    CAF_CHECK_EQUAL(run.said.faults.size(), 0u);
  }
}

CAF_TEST(ticks go on when the clock goes back) {
  script_tree tree;
  tree.write("a.lua", "return {tick = function(now) io.write('tick ') end}");
  running run(tree);
  run.vm->begin();
  for (const int64_t at : {1000, 1001, 10, 11})
    run.vm->flush(at * second);
  CAF_CHECK_EQUAL(run.said.written, "tick tick ");
}

CAF_TEST(what a script saves comes to the next machine) {
  for (const jit_mode mode : modes) {
    script_tree tree;
    tree.write("a.lua", R"lua(
local M, count, names = {}, 0, {}
function M.flowCreate(flow) count = count + 1 names[count] = "n" .. count end
function M.save() return {count = count, names = names} end
function M.restore(t) count, names = t.count, t.names end
function M.teardown() io.write(count, names[count] or "") end
return M
)lua");
    tree.write(
      "b.lua",
      "return {save = function() return {f = print} end, restore = function() io.write('never') end}");
    tree.write("c.lua", "return {save = function() return 3 end}");
    tree.write(
      "d.lua",
      "return {save = function() return {('x'):rep(1000000), ('y'):rep(1000000), ('z'):rep(1000000), ('u'):rep(1000000), ('v'):rep(1000000)} end}");
    tree.write("e.lua", "return {save = function() error('no') end}");
    tree.write("f.lua", "return {save = function() end}");
    running first(tree, mode), second_one(tree, mode);
    first.vm->begin();
    flow_record flow{};
    first.run(event_kind::created, flow);
    first.run(event_kind::created, flow);
    const auto saved = first.vm->save();
    CAF_REQUIRE_EQUAL(saved.size(), 1u);
    CAF_CHECK_EQUAL(saved[0].script, "a.lua");
    CAF_CHECK_EQUAL(first.said.faults.size(), 4u);
    for (const auto& fault : first.said.faults)
      CAF_CHECK_EQUAL(fault.callback, "save");
    second_one.vm->begin(saved);
    second_one.run(event_kind::created, flow);
    second_one.vm->end();
    CAF_CHECK_EQUAL(second_one.said.written, "3n3");
    CAF_CHECK_EQUAL(second_one.said.faults.size(), 0u);
  }
}

CAF_TEST(messages that do not fit or lose their machine are counted) {
  script_tree tree;
  tree.write("a.lua", R"lua(
local M, full = {}, nil
function M.flowCreate() for k = 1, 1003 do send("inline", k) end end
function M.flowDelete() send("inline", 1) full = {} for k = 1, 1e9 do full[k] = {k} end end
return M
)lua");
  tree.write("b.lua", "return {message = function() io.write('m') end}");
  auto options = running::with(jit_mode::automatic, nullptr, nullptr);
  options.limits.deadline = std::chrono::seconds(20);
  options.limits.memory = 8u << 20;
  running run(tree, options);
  run.vm->begin();
  flow_record flow{};
  run.vm->handle(event_kind::created, flow, 1);
  CAF_CHECK_EQUAL(ended(run, message_end::queue_full), 3u);
  CAF_CHECK_EQUAL(sent_less_ended(run), 1000u);
  run.vm->flush(1);
  CAF_CHECK_EQUAL(ended(run, message_end::delivered), 1000u);
  run.vm->handle(event_kind::ended, flow, 2);
  run.vm->flush(2);
  CAF_CHECK_EQUAL(ended(run, message_end::lost_with_vm) + ended(run, message_end::delivered),
                  1001u);
  const bool rebuilt = run.vm->rebuilds() != 0; // else the error came at the soft cap
  CAF_CHECK_EQUAL(ended(run, message_end::lost_with_vm), rebuilt ? 1u : 0u);
  CAF_CHECK_EQUAL(sent_less_ended(run), 0u);
}

CAF_TEST(hooks are in the costs) {
  script_tree tree;
  tree.write("a.lua", R"lua(
local M = {interval = 1}
function M.setup() end
function M.tick() error("no") end
function M.flowCreate() end
return M
)lua");
  running run(tree);
  run.vm->begin();
  flow_record flow{};
  run.vm->handle(event_kind::created, flow, 1);
  for (int64_t second = 1; second < 5; ++second)
    run.vm->flush(second * 1'000'000'000);
  std::map<std::string, callback_costs> costs;
  for (const auto& each : run.vm->costs())
    costs[each.callback] = each;
  CAF_CHECK_EQUAL(costs.size(), 3u);
  CAF_CHECK_EQUAL(costs["flowCreate"].calls, 1u);
  CAF_CHECK_EQUAL(costs["setup"].calls, 1u);
  CAF_CHECK_EQUAL(costs["setup"].sampled, 1u);
  CAF_CHECK_EQUAL(costs["tick"].calls, 3u);
  CAF_CHECK_EQUAL(costs["tick"].errors, 3u);
  CAF_CHECK_EQUAL(costs["tick"].sampled, 3u);
}

CAF_TEST(messages reach the other scripts as copies) {
  for (const jit_mode mode : modes) {
    script_tree tree;
    tree.write("a.lua", R"lua(
local M = {}
function M.flowCreate(flow)
  local t = {port = flow.srv_port, deep = {1, 2}}
  assert(send("inline", t))
  t.port = 0
  assert(not pcall(send, "inline", {print}))
  assert(not pcall(send, "inline", ("x"):rep(70000)))
  assert(not pcall(send))
  assert(send("elsewhere", t) == false)
end
function M.message(t) io.write("mine ") end
return M
)lua");
    tree.write(
      "b.lua",
      "return {message = function(t) io.write('b', t.port, #t.deep, ' ') t.deep = nil end}");
    tree.write("c.lua", "return {message = function(t) io.write('c', #t.deep, ' ') end}");
    running run(tree, mode);
    run.vm->begin();
    flow_record flow{};
    flow.server_port = 53;
    run.vm->handle(event_kind::created, flow, 1);
    run.vm->flush(1);
    run.vm->flush(2);
    CAF_CHECK_EQUAL(run.said.written, "b532 c2 ");
    CAF_CHECK_EQUAL(run.said.faults.size(), 0u);
    CAF_REQUIRE_EQUAL(run.said.lines.size(), 1u);
    CAF_CHECK(run.said.lines[0].text.find("no context 'elsewhere'") != std::string::npos);
    CAF_CHECK_EQUAL(ended(run, message_end::delivered), 1u);
    CAF_CHECK_EQUAL(ended(run, message_end::not_encodable), 1u);
    CAF_CHECK_EQUAL(ended(run, message_end::too_large), 1u);
    CAF_CHECK_EQUAL(ended(run, message_end::unknown_context), 1u);
    CAF_CHECK_EQUAL(sent_less_ended(run), 0u);
  }
}

CAF_TEST(scripts that answer each other stay bounded) {
  script_tree tree;
  const std::string text = R"lua(
local M = {}
function M.setup() for k = 1, 2000 do send("inline", k) end end
function M.message(t) send("inline", t) send("inline", t) end
return M
)lua";
  tree.write("a.lua", text);
  tree.write("b.lua", text);
  running run(tree);
  run.vm->begin();
  for (int i = 1; i < 10; ++i)
    run.vm->flush(i);
  CAF_CHECK_EQUAL(run.said.faults.size(), 0u);
  CAF_CHECK(run.vm->memory() < 8u << 20);
}

CAF_TEST(a hook that fails is told of with its name) {
  script_tree tree;
  tree.write(
    "a.lua",
    "return {setup = function() error('oh') end, tick = function() while true do end end}");
  tree.write("b.lua", "return {interval = 'soon', tick = function() end}");
  running run(tree);
  CAF_REQUIRE_EQUAL(run.vm->load_faults().size(), 1u);
  CAF_CHECK(run.vm->load_faults()[0].what.find("interval: a number") != std::string::npos);
  run.vm->begin();
  run.vm->flush(1 * second);
  run.vm->flush(3 * second);
  CAF_REQUIRE_EQUAL(run.said.faults.size(), 2u);
  CAF_CHECK_EQUAL(run.said.faults[0].callback, "setup");
  CAF_CHECK_EQUAL(run.said.faults[1].callback, "tick");
  CAF_CHECK(run.said.faults[1].text.find("limit: deadline") != std::string::npos);
}

CAF_TEST(what is emitted goes to an output that takes records) {
  for (const jit_mode mode : modes) {
    script_tree tree;
    tree.write("a.lua", R"lua(
local M = {}
function M.setup() emit {1, 2} end
function M.flowCreate(flow)
  emit {port = flow.srv_port, script = "mine", timestamp = false}
  io.write("written")
end
function M.flowDelete() emit {("x"):rep(1000)} end
return M
)lua");
    record_notes said;
    auto options = running::patient(running::with(mode, nullptr, nullptr));
    options.root = tree.root();
    options.output = &said;
    options.limits.output = 1000;
    auto vm = script_vm::make(options);
    CAF_REQUIRE(static_cast<bool>(vm));
    (*vm)->begin();
    flow_record flow{};
    flow.id = 7;
    flow.server_port = 53;
    (*vm)->handle(event_kind::created, flow, 5 * second);
    (*vm)->flush();
    CAF_REQUIRE_EQUAL(said.records.size(), 2u);
    CAF_CHECK_EQUAL(said.records[0], "a.lua [1,2] 0 0 0");
    CAF_CHECK_EQUAL(said.records[1],
                    "a.lua {\"port\":53,\"script\":\"mine\",\"timestamp\":false} 5 7 17");
    CAF_CHECK_EQUAL(said.written, "written");
    said.taking = false; // from now on, as if a reload had taken the output away
    (*vm)->handle(event_kind::created, flow, 5 * second);
    (*vm)->flush();
    CAF_CHECK_EQUAL(said.records.size(), 2u);
    CAF_CHECK_NOT_EQUAL(said.written.find("\"port\":53"), std::string::npos);
    said.taking = true;
    (*vm)->handle(event_kind::ended, flow, 5 * second); // beyond the bound of any second
    CAF_CHECK_EQUAL(said.records.size(), 2u);
    CAF_CHECK_EQUAL((*vm)->output_dropped(), 1004u);
  }
}

CAF_TEST(emit writes a line of JSON and log its level) {
  for (const jit_mode mode : modes) {
    script_tree tree;
    tree.write("a.lua", R"lua(
local M = {}
function M.flowCreate(flow)
  emit {port = flow.srv_port}
  assert(not pcall(emit, 3) and not pcall(emit, {print}))
  log.debug("d") log.info("i") log.warning("w") log.error(4)
  io.write(now(), "\n")
end
return M
)lua");
    running run(tree, mode);
    flow_record flow{};
    flow.server_port = 53;
    run.run(event_kind::created, flow, 5 * second / 2);
    CAF_CHECK_EQUAL(run.said.written, "{\"port\":53}\n2.5\n");
    CAF_REQUIRE_EQUAL(run.said.lines.size(), 4u);
    CAF_CHECK(run.said.lines[0].severity == script_output::level::debug);
    CAF_CHECK(run.said.lines[3].severity == script_output::level::error);
    CAF_CHECK_EQUAL(run.said.lines[3].text, "4");
    CAF_CHECK_EQUAL(run.said.faults.size(), 0u);
  }
}
