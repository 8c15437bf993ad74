#define CAF_SUITE actors_run
#include "tests/actors.hpp"
#include "tests/actors/fixture.hpp"

using namespace flowactors;

CAF_TEST_FIXTURE_SCOPE(run_tests, supervised)

CAF_TEST(a run reads all its inputs in order and balances) {
  write("a.lua", says("a"));
  start({capture_file("dns.pcap"), capture_file("http.pcap")});
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->failures.empty());
  CAF_CHECK(result->account.balanced());
  CAF_CHECK_EQUAL(count(result->account.flows.ended, "shutdown"), 0u);
  CAF_CHECK_EQUAL(lines("a new"), result->account.flows.created);
  CAF_CHECK_EQUAL(result->account.flows.live, 0u);
}

CAF_TEST(an input that can not be opened is a failure and the next one is read) {
  start({"/nowhere/at-all.pcap", capture_file("dns.pcap")});
  run();
  CAF_REQUIRE(result);
  CAF_REQUIRE_EQUAL(result->failures.size(), 1u);
  CAF_CHECK_NOT_EQUAL(result->failures[0].find("/nowhere/at-all.pcap"), std::string::npos);
  CAF_CHECK_GREATER(result->account.packets.seen, 0u);
  CAF_CHECK(result->account.balanced());
}

CAF_TEST(a drain ends every flow after the burst at hand) {
  write("a.lua", says("a"));
  start({capture_file("ssh.pcap"), capture_file("http.pcap"), capture_file("dns.pcap")});
  until_read();
  self->send(boss, drain_atom_v);
  run();
  CAF_REQUIRE(result);
  const auto& account = result->account;
  CAF_CHECK(result->failures.empty());
  CAF_CHECK(account.balanced());
  CAF_CHECK_LESS(account.packets.seen, 100u);
  CAF_CHECK_GREATER(account.packets.seen, 0u);
  CAF_CHECK_GREATER(count(account.flows.ended, "shutdown"), 0u);
  CAF_CHECK_EQUAL(lines("a end"), account.flows.created);
}

CAF_TEST(a capture actor that breaks down is named and the run ends) {
  start({capture_file("http.pcap")});
  auto& state = deref<supervisor_actor::stateful_base<supervisor_state>>(boss).state;
  anon_send_exit(state.workers()[0].handle, caf::exit_reason::kill);
  run();
  CAF_REQUIRE(result);
  CAF_REQUIRE_EQUAL(result->failures.size(), 1u);
  CAF_CHECK_NOT_EQUAL(result->failures[0].find("http.pcap"), std::string::npos);
}

CAF_TEST(the account can be asked for while packets are read) {
  std::optional<report> interim;
  on_interim = [&](report r) { interim = std::move(r); };
  write("a.lua", says("a"));
  start({capture_file("ssh.pcap"), capture_file("http.pcap")});
  until_read();
  self->send(boss, snapshot_atom_v);
  run_until([&] { return interim.has_value(); });
  CAF_REQUIRE(interim);
  CAF_CHECK(interim->balanced());
  CAF_CHECK_GREATER(interim->flows.live, 0u);
  CAF_CHECK(!result);
  run();
  CAF_REQUIRE(result);
  CAF_CHECK_GREATER(result->account.packets.seen, interim->packets.seen);
}

CAF_TEST_FIXTURE_SCOPE_END()
