#define CAF_SUITE actors_contexts
#include "tests/actors.hpp"
#include "tests/actors/fixture.hpp"

using namespace flowactors;

namespace {

struct fixture : supervised {
  fixture() { std::filesystem::create_directories(folder_of("own")); }

  std::filesystem::path folder_of(const std::string& context) const {
    return root / "callbacks" / "user_scripts" / context;
  }

  void write_to(const std::string& context, const std::string& file, const std::string& text) {
    std::ofstream(folder_of(context) / file) << text;
  }

  const context_set& contexts() {
    return deref<caf::stateful_actor<supervisor_state, supervisor_actor::base>>(
             caf::actor_cast<caf::actor>(boss))
      .state.contexts();
  }

  void start_with(std::function<void(settings::context_section&)> change = {},
                  std::vector<std::string> paths = {}) {
    adjust = [=](settings& values) {
      auto& own = values.contexts["own"];
      own.batch = 4;
      if (change)
        change(own);
    };
    if (paths.empty())
      paths = {capture_file("http.pcap"), capture_file("dns.pcap"), capture_file("ssh.pcap")};
    start(std::move(paths));
  }

  /// Ends a context's actor as a fault in it would.
  void kill_one() {
    const auto all = contexts().handles();
    CAF_REQUIRE(!all.empty());
    self->send_exit(all.front(), caf::exit_reason::kill);
  }

  void check_ledger() const {
    for (const auto& e : result->account.ledger)
      if (!e.balanced())
        CAF_ERROR(e.text());
  }

  const report::context_section& section() const { return result->account.contexts.at(0); }

  uint64_t lost(const std::string& reason) const {
    uint64_t out = 0;
    for (const auto& lane : section().lanes)
      for (const auto& [name, kinds] : lane.lost)
        if (name == reason)
          for (const auto& [kind, n] : kinds)
            out += n;
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(context_tests, fixture)

CAF_TEST(a context sees every event of the kinds it has callbacks for) {
  write("a.lua", says("inline"));
  write_to("own", "b.lua", says("own"));
  start_with();
  run();
  CAF_REQUIRE(result);
  const auto& account = result->account;
  CAF_CHECK(result->failures.empty());
  CAF_CHECK(account.balanced());
  CAF_CHECK_GREATER(account.flows.created, 1u);
  CAF_CHECK_EQUAL(lines("own new"), account.flows.created);
  CAF_CHECK_EQUAL(lines("own end"), account.flows.created);
  CAF_CHECK_EQUAL(lines("inline end"), account.flows.created);
  const auto taken = section().lanes.at(0).taken;
  CAF_CHECK_EQUAL(count(taken, "created"), account.flows.created);
  CAF_CHECK_EQUAL(count(taken, "detected"), 0u);
}

CAF_TEST(shards share the events) {
  write_to("own", "b.lua", says("own"));
  start_with([](auto& own) { own.shards = 3; });
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->account.balanced());
  CAF_CHECK_EQUAL(section().lanes.size(), 3u);
  CAF_CHECK_EQUAL(lines("own new"), result->account.flows.created);
}

CAF_TEST(a file waits for a slow context and nothing is lost) {
  write_to("own", "b.lua", says("own"));
  start_with([](auto& own) { own.lane = 16; });
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->account.balanced());
  CAF_CHECK_EQUAL(lost("shed"), 0u);
  CAF_CHECK_EQUAL(lines("own end"), result->account.flows.created);
}

CAF_TEST(a context without callbacks costs no event) {
  write_to("own", "b.lua", "return {}\n");
  start_with();
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->account.balanced());
  CAF_CHECK_EQUAL(count(result->account.events, "created"), 0u);
}

CAF_TEST(a context that breaks down starts anew and goes on where it stopped) {
  write_to("own", "b.lua", says("own"));
  start_with();
  until_read();
  kill_one();
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->failures.empty());
  CAF_CHECK(result->account.balanced());
  CAF_CHECK_EQUAL(section().restarts, 1u);
  CAF_CHECK_EQUAL(section().state, "ended");
  CAF_CHECK_EQUAL(lines("own new"), result->account.flows.created);
  CAF_CHECK_EQUAL(lines("own end"), result->account.flows.created);
}

CAF_TEST(what scripts save outlives a breakdown) {
  write_to("own", "b.lua",
           "local M, n = {}, 0\n"
           "function M.flowCreate() n = n + 1 io.write('one\\n') end\n"
           "function M.save() return {n = n} end\n"
           "function M.restore(t) n = t.n end\n"
           "function M.teardown() io.write('sum ', n, '\\n') end\n"
           "return M\n");
  start_with();
  until_read();
  kill_one();
  run();
  CAF_REQUIRE(result);
  CAF_CHECK_EQUAL(section().restarts, 1u);
  CAF_CHECK_EQUAL(lost("crashed"), 0u);
  CAF_CHECK_EQUAL(lines("sum " + std::to_string(result->account.flows.created)), 1u);
}

CAF_TEST(an exception costs the batch in hand and nothing else) {
  write_to("own", "b.lua",
           "local M, n = {}, 0\n"
           "function M.flowCreate() n = n + 1 end\n"
           "function M.flowDelete() n = n + 1 end\n"
           "function M.save() return {n = n} end\n"
           "function M.restore(t) n = t.n end\n"
           "function M.teardown() io.write('sum ', n, '\\n') end\n"
           "return M\n");
  int batches = 0;
  on_batch = [&] {
    if (++batches % 3 == 0)
      throw std::runtime_error("as it was told");
  };
  start_with([](auto& own) { own.restarts = 1000; });
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->failures.empty());
  check_ledger();
  CAF_CHECK_GREATER(section().restarts, 1u);
  CAF_CHECK_NOT_EQUAL(section().reason.find("as it was told"), std::string::npos);
  uint64_t taken = 0;
  for (const auto& [kind, n] : section().lanes.at(0).taken)
    taken += n;
  CAF_CHECK_GREATER(lost("crashed"), 1u);
  CAF_CHECK_EQUAL(lines("sum " + std::to_string(taken - lost("crashed"))), 1u);
}

CAF_TEST(what scripts emit while they save is not lost with the context) {
  write_to("own", "b.lua",
           "local M = {}\nfunction M.flowCreate() end\n"
           "function M.save() emit{alert = 'broken'} end\nreturn M\n");
  on_batch = [] { throw std::runtime_error("as it was told"); };
  adjust = [this](settings& values) {
    values.contexts["own"].restarts = 0;
    values.outputs["all"].path = (root / "all.json").string();
    values.outputs["all"].what = "emits";
  };
  start({capture_file("dns.pcap")});
  run();
  CAF_REQUIRE(result);
  CAF_CHECK_EQUAL(section().state, "parked");
  check_ledger();
  CAF_CHECK_EQUAL(result->account.outputs.at(0).written, 1u);
}

CAF_TEST(breakdowns long ago are forgiven) {
  write_to("own", "b.lua", says("own"));
  start_with([](auto& own) { own.restarts = 2; },
             std::vector<std::string>(100, capture_file("dns.pcap")));
  until_read();
  const auto kill_two = [this] {
    for (int i = 0; i < 2; ++i) {
      kill_one();
      steps(20);
      CAF_REQUIRE(!result);
    }
  };
  kill_two();
  sched.clock().advance_time(std::chrono::seconds(6));
  kill_two();
  CAF_CHECK_EQUAL(contexts().handles().size(), 1u);
  sched.clock().advance_time(std::chrono::seconds(4));
  kill_one();
  steps(20);
  CAF_CHECK(contexts().handles().empty());
  run();
  CAF_REQUIRE(result);
  CAF_CHECK_EQUAL(section().restarts, 4u);
  CAF_CHECK_EQUAL(section().state, "parked");
}

CAF_TEST(a context that breaks down too often is parked and the rest runs on) {
  write("a.lua", says("inline"));
  write_to("own", "b.lua", says("own"));
  start_with([](auto& own) { own.restarts = 2; },
             std::vector<std::string>(60, capture_file("dns.pcap")));
  until_read();
  for (int i = 0; i < 3; ++i) {
    kill_one();
    steps(20);
    CAF_REQUIRE(!result);
  }
  CAF_CHECK(contexts().handles().empty());
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->account.balanced());
  CAF_CHECK_EQUAL(section().state, "parked");
  CAF_CHECK_EQUAL(section().restarts, 2u);
  CAF_CHECK_NOT_EQUAL(section().reason.find("broke down 3 times"), std::string::npos);
  CAF_CHECK_GREATER(lost("parked"), 0u);
  CAF_CHECK_EQUAL(lost("crashed"), 0u);
  CAF_CHECK_EQUAL(lines("inline end"), result->account.flows.created);
  CAF_REQUIRE_EQUAL(result->failures.size(), 1u);
  CAF_CHECK_NOT_EQUAL(result->failures[0].find("own is parked"), std::string::npos);
}

CAF_TEST(a context whose folder is missing is parked from the start) {
  write("a.lua", says("inline"));
  std::filesystem::remove_all(folder_of("own"));
  start_with();
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->account.balanced());
  CAF_CHECK_EQUAL(section().state, "parked");
  CAF_CHECK_NOT_EQUAL(section().reason.find("no such folder"), std::string::npos);
  CAF_CHECK_EQUAL(lines("inline end"), result->account.flows.created);
  CAF_CHECK_EQUAL(result->failures.size(), 1u);
}

CAF_TEST(the account balances while batches are under way) {
  write_to("own", "b.lua", says("own"));
  size_t asked = 0;
  size_t balanced = 0;
  uint64_t waiting = 0;
  on_interim = [&](report so_far) {
    ++asked;
    balanced += so_far.balanced();
    waiting += so_far.contexts.at(0).lanes.at(0).waiting;
    if (!so_far.balanced())
      for (const auto& e : so_far.ledger)
        if (!e.balanced())
          CAF_MESSAGE(e.text());
  };
  start_with([](auto& own) { own.lane = 16; },
             std::vector<std::string>(20, capture_file("dns.pcap")));
  for (int i = 0; i < 50 && !result; ++i) {
    self->send(boss, snapshot_atom_v);
    steps(7);
  }
  run();
  CAF_CHECK_GREATER(asked, 10u);
  CAF_CHECK_EQUAL(balanced, asked);
}

CAF_TEST(the end waits for contexts and no longer than its grace) {
  write_to("own", "b.lua", says("own"));
  const auto many = std::vector<std::string>(60, capture_file("dns.pcap"));
  for (const bool patient : {true, false}) {
    result.reset();
    start_with([](auto& own) { own.batch = 1; }, many);
    until_read();
    steps(30);
    self->send(boss, drain_atom_v);
    if (!patient) {
      steps(3);
      sched.clock().advance_time(std::chrono::seconds(11));
    }
    run();
    CAF_REQUIRE(result);
    CAF_CHECK(result->account.balanced());
    CAF_CHECK_EQUAL(lost("unfinished") == 0, patient);
    CAF_CHECK_EQUAL(result->failures.empty(), patient);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
