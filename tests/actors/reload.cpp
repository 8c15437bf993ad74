#define CAF_SUITE actors_reload
#include "tests/actors.hpp"
#include "tests/actors/fixture.hpp"

using namespace flowactors;

namespace {

struct fixture : supervised {
  /// Asks for a reload and lets it come to its end; no packet is read meanwhile but by polls that
  /// were due.
  reload_result reload() {
    reload_result out;
    auto answer = self->request(boss, caf::infinite, reload_atom_v);
    run_until([&] { return !self->mailbox().empty(); });
    answer.receive([&](reload_result& r) { out = r; },
                   [](const caf::error& e) { CAF_FAIL("no answer: " << e); });
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(reload_tests, fixture)

CAF_TEST(fresh scripts take over between two bursts and no packet is lost) {
  write("a.lua", says("old"));
  start({capture_file("http.pcap"), capture_file("dns.pcap"), capture_file("ssh.pcap")});
  until_read();
  write("a.lua", says("new"));
  const auto outcome = reload();
  CAF_CHECK(outcome.loaded);
  CAF_CHECK(outcome.faults.empty());
  run();
  CAF_REQUIRE(result);
  const auto& account = result->account;
  CAF_CHECK(account.balanced());
  CAF_CHECK(result->failures.empty());
  CAF_CHECK_GREATER(account.flows.created, 1u);
  CAF_CHECK_EQUAL(lines("old new") + lines("new new"), account.flows.created);
  CAF_CHECK_EQUAL(lines("old end") + lines("new end"), account.flows.created);
  CAF_CHECK_GREATER(lines("old new"), 0u);
  CAF_CHECK_GREATER(lines("new new"), 0u);
  CAF_REQUIRE_EQUAL(account.callbacks.size(), 2u);
  CAF_CHECK_EQUAL(account.callbacks[0].calls, account.flows.created);
}

CAF_TEST(reloads that are asked for together are one) {
  write("a.lua", "io.write('loaded\\n')\n" + says("a"));
  start(std::vector<std::string>(20, capture_file("dns.pcap"))); // enough to read meanwhile
  for (int i = 0; i < 5; ++i)
    self->send(boss, reload_atom_v);
  run();
  size_t answers = 0;
  self->receive_for(answers, size_t{5})([&](const reload_result& r) { CAF_CHECK(r.loaded); });
  CAF_CHECK_EQUAL(lines("loaded"), 2u); // at the start, and once more
}

CAF_TEST(a script that does not load any more leaves the old code running) {
  write("a.lua", says("a"));
  write("b.lua", says("b"));
  start({capture_file("http.pcap"), capture_file("dns.pcap")});
  until_read();
  write("a.lua", says("fresh"));
  write("b.lua", "return {\n  flowCreate = function( end\n}\n");
  const auto outcome = reload();
  CAF_CHECK(!outcome.loaded);
  CAF_CHECK_EQUAL(outcome.kept, (std::vector<std::string>{"a.lua", "b.lua"}));
  CAF_REQUIRE_EQUAL(outcome.faults.size(), 1u);
  CAF_CHECK_NOT_EQUAL(outcome.faults[0].find("b.lua:2:"), std::string::npos);
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->account.balanced());
  CAF_CHECK_EQUAL(lines("a new"), result->account.flows.created);
  CAF_CHECK_EQUAL(lines("b end"), result->account.flows.created);
  CAF_CHECK_EQUAL(lines("fresh new"), 0u);
}

CAF_TEST(a new script that does not load is left out and the others are reloaded) {
  write("a.lua", says("old"));
  start({capture_file("http.pcap"), capture_file("dns.pcap")});
  write("a.lua", says("new"));
  write("broken.lua", "return 1 +\n");
  const auto outcome = reload();
  CAF_CHECK(outcome.loaded);
  CAF_CHECK_EQUAL(outcome.faults.size(), 1u);
  run();
  CAF_REQUIRE(result);
  CAF_CHECK_GREATER(lines("new new"), 0u);
  CAF_CHECK_EQUAL(lines("old new") + lines("new new"), result->account.flows.created);
}

CAF_TEST(a script whose file is gone leaves with the reload) {
  write("a.lua", says("a"));
  write("b.lua", says("b"));
  start({capture_file("http.pcap"), capture_file("dns.pcap")});
  std::filesystem::remove(folder() / "b.lua");
  CAF_CHECK(reload().loaded);
  const size_t so_far = lines("b new");
  run();
  CAF_REQUIRE(result);
  CAF_CHECK_EQUAL(lines("a new"), result->account.flows.created);
  CAF_CHECK_EQUAL(lines("b new"), so_far);
  CAF_CHECK_LESS(so_far, lines("a new"));
  CAF_CHECK(result->account.balanced());
}

CAF_TEST(a reload while the run stops changes nothing and says so) {
  write("a.lua", says("a"));
  start({capture_file("http.pcap")});
  self->send(boss, drain_atom_v);
  const auto outcome = reload();
  CAF_CHECK(!outcome.loaded);
  CAF_CHECK_EQUAL(outcome.faults, (std::vector<std::string>{"the program is stopping"}));
}

CAF_TEST_FIXTURE_SCOPE_END()
