#define CAF_SUITE actors_context_reload
#include "tests/actors.hpp"
#include "tests/actors/fixture.hpp"

using namespace flowactors;

namespace {

/// A run with contexts whose settings change while it goes on.
struct fixture : supervised {
  fixture() {
    next.capture.read = std::vector<std::string>(40, capture_file("dns.pcap"));
    next.scripts.root = root.string();
    next.flows.max = 1000;
    next.contexts["own"].batch = 4;
    folder_of("own");
  }

  std::filesystem::path folder_of(const std::string& context) const {
    auto out = root / "callbacks" / "user_scripts" / context;
    std::filesystem::create_directories(out);
    return out;
  }

  void write_to(const std::string& context, const std::string& text) {
    std::ofstream(folder_of(context) / "script.lua") << text;
  }

  void begin() {
    adjust = [this](settings& values) { values = next; };
    on_reread = [this] { return settings_outcome{next, faults}; };
    start(next.capture.read);
    until_read();
  }

  reload_result reload() {
    reload_result out;
    auto answer = self->request(boss, caf::infinite, reload_atom_v);
    run_until([&] { return !self->mailbox().empty(); });
    answer.receive([&](reload_result& r) { out = r; },
                   [](const caf::error& e) { CAF_FAIL("no answer: " << e); });
    CAF_REQUIRE(!result);
    return out;
  }

  void end_well() {
    run();
    CAF_REQUIRE(result);
    CAF_CHECK(result->account.balanced());
    for (const auto& what : result->failures)
      CAF_ERROR(what);
  }

  const report::context_section& section(const std::string& name) const {
    return *std::ranges::find(result->account.contexts, name, &report::context_section::name);
  }

  uint64_t lost(const std::string& name) const {
    uint64_t out = 0;
    for (const auto& lane : section(name).lanes)
      for (const auto& [reason, kinds] : lane.lost)
        for (const auto& [kind, n] : kinds)
          out += n;
    return out;
  }

  settings next;                   ///< what the next reload reads
  std::vector<std::string> faults; ///< that it finds
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(context_reload_tests, fixture)

CAF_TEST(a successor with fresh code goes on between two batches) {
  write_to("own", says("old"));
  begin();
  write_to("own", says("fresh"));
  const auto outcome = reload();
  CAF_CHECK(outcome.loaded);
  CAF_CHECK(outcome.faults.empty());
  end_well();
  const auto created = result->account.flows.created;
  CAF_CHECK_EQUAL(lines("old new") + lines("fresh new"), created);
  CAF_CHECK_EQUAL(lines("old end") + lines("fresh end"), created);
  CAF_CHECK_GREATER(lines("fresh new"), 0u);
  CAF_CHECK_EQUAL(section("own").restarts, 0u);
  CAF_CHECK_EQUAL(lost("own"), 0u);
}

CAF_TEST(what scripts save comes back) {
  const auto counts = std::string(
    "local M, n = {}, 0\n"
    "function M.flowCreate() n = n + 1 io.write('one\\n') end\n"
    "function M.save() return {n = n} end\n"
    "function M.restore(t) n = t.n end\n"
    "function M.teardown() io.write('sum ', n, '\\n') end\n"
    "return M\n");
  write_to("own", counts);
  begin();
  for (int i = 0; i < 5; ++i) {
    CAF_CHECK(reload().loaded);
    steps(10);
    CAF_REQUIRE(!result);
  }
  end_well();
  CAF_CHECK_EQUAL(lines("sum " + std::to_string(result->account.flows.created)), 1u);
}

CAF_TEST(code that does not load any more goes on as it was) {
  write_to("own", says("old"));
  begin();
  write_to("own", "return 1 +\n");
  const auto outcome = reload();
  CAF_CHECK(!outcome.loaded);
  CAF_CHECK_EQUAL(outcome.kept, std::vector<std::string>{"own/script.lua"});
  CAF_REQUIRE_EQUAL(outcome.faults.size(), 1u);
  CAF_CHECK_NOT_EQUAL(outcome.faults[0].find("script.lua:2:"), std::string::npos);
  end_well();
  CAF_CHECK_EQUAL(lines("old end"), result->account.flows.created);
}

CAF_TEST(a context that is added gets events from then on) {
  write_to("own", says("own"));
  begin();
  write_to("late", says("late"));
  next.contexts["late"];
  const auto outcome = reload();
  CAF_CHECK_EQUAL(outcome.applied, std::vector<std::string>{"context.late"});
  end_well();
  CAF_CHECK_GREATER(lines("late new"), 0u);
  CAF_CHECK_EQUAL(lines("own new"), result->account.flows.created);
  CAF_CHECK_EQUAL(section("late").state, "ended");
}

CAF_TEST(a context that is removed handles what waits and gets no more) {
  write_to("own", says("own"));
  write_to("other", says("other"));
  next.contexts["other"].batch = 1;
  begin();
  next.contexts.erase("own");
  const auto outcome = reload();
  CAF_CHECK_EQUAL(outcome.applied, std::vector<std::string>{"context.own"});
  end_well();
  CAF_CHECK_EQUAL(section("own").state, "removed");
  CAF_CHECK_EQUAL(lost("own"), 0u);
  CAF_CHECK_LESS(lines("own new"), result->account.flows.created);
  CAF_CHECK_EQUAL(lines("other new"), result->account.flows.created);
}

CAF_TEST(another number of shards loses nothing) {
  write_to("own", says("own"));
  begin();
  for (const uint32_t shards : {3u, 1u, 2u}) {
    next.contexts["own"].shards = shards;
    CAF_CHECK(reload().loaded);
  }
  end_well();
  CAF_CHECK_EQUAL(lines("own new"), result->account.flows.created);
  CAF_CHECK_EQUAL(lines("own end"), result->account.flows.created);
  CAF_CHECK_EQUAL(lost("own"), 0u);
}

CAF_TEST(shards and contexts that come and go leave nothing but their books) {
  write_to("own", says("own"));
  write_to("guest", says("guest"));
  next.capture.read.resize(200, capture_file("dns.pcap"));
  begin();
  for (const uint32_t shards : {3u, 1u, 2u, 1u, 3u, 2u}) {
    next.contexts["own"].shards = shards;
    next.contexts["guest"];
    CAF_CHECK(reload().loaded);
    steps(20);
    next.contexts.erase("guest");
    CAF_CHECK(reload().loaded);
    steps(20);
    CAF_REQUIRE(!result);
  }
  CAF_CHECK(reload().loaded);
  const auto left = deref<caf::stateful_actor<supervisor_state, supervisor_actor::base>>(
                      caf::actor_cast<caf::actor>(boss))
                      .state.contexts()
                      .size();
  CAF_CHECK_EQUAL(left, 1u);
  end_well();
  CAF_CHECK_EQUAL(section("own").lanes.size(), 3u); // each shard that there ever was, once
  CAF_CHECK_EQUAL(lines("own new"), result->account.flows.created);
  CAF_CHECK_EQUAL(section("guest").lanes.size(), 1u);
  CAF_CHECK_EQUAL(section("guest").state, "removed");
  uint64_t guests = 0;
  for (const auto& [kind, n] : section("guest").lanes[0].handled)
    guests += n;
  CAF_CHECK_GREATER(guests, 0u);
  CAF_CHECK_EQUAL(lines("guest new") + lines("guest end"), guests);
}

CAF_TEST(a parked context is tried again) {
  write("a.lua", says("inline"));
  next.contexts["empty"];
  write_to("own", says("own"));
  begin();
  write_to("empty", says("late"));
  CAF_CHECK(reload().loaded);
  end_well();
  CAF_CHECK_GREATER(lines("late new"), 0u);
  CAF_CHECK_EQUAL(section("empty").state, "ended");
}

CAF_TEST(settings that are wrong change nothing) {
  write_to("own", says("old"));
  begin();
  faults = {"wrong"};
  write_to("own", says("fresh"));
  const auto outcome = reload();
  CAF_CHECK(!outcome.loaded);
  CAF_CHECK_EQUAL(outcome.faults, std::vector<std::string>{"wrong"});
  end_well();
  CAF_CHECK_EQUAL(lines("old new"), result->account.flows.created);
}

CAF_TEST(a breakdown during a reload loses nothing but its batch) {
  write_to("own", says("own"));
  next.capture.read.resize(200, capture_file("dns.pcap"));
  begin();
  for (size_t later = 0; later < 12; ++later) {
    const auto handles = deref<caf::stateful_actor<supervisor_state, supervisor_actor::base>>(
                           caf::actor_cast<caf::actor>(boss))
                           .state.contexts()
                           .handles();
    self->send(boss, reload_atom_v);
    steps(later);
    if (!handles.empty())
      self->send_exit(handles.front(), caf::exit_reason::kill);
    steps(20);
    CAF_REQUIRE(!result);
  }
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->account.balanced());
}

CAF_TEST(a run that ends during a reload ends) {
  for (size_t later = 0; later < 30; ++later) {
    result.reset();
    write_to("own", says("own"));
    next.contexts["own"].shards = 1 + later % 3;
    next.capture.read = {capture_file("dns.pcap")};
    adjust = [this](settings& values) { values = next; };
    on_reread = [this] {
      auto fresh = next;
      fresh.contexts["late"];
      return settings_outcome{fresh, {}};
    };
    write_to("late", says("late"));
    start(next.capture.read);
    steps(later);
    self->send(boss, reload_atom_v);
    run();
    CAF_REQUIRE(result);
    CAF_CHECK(result->account.balanced());
    CAF_CHECK_EQUAL(section("own").state, "ended");
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
