#define CAF_SUITE actors_control
#include "actors/control.hpp"

#include "actors/ctl_text.hpp"
#include "tests/actors.hpp"
#include "tests/actors/fixture.hpp"

#include <nlohmann/json.hpp>

using namespace flowactors;
using json = nlohmann::ordered_json;

namespace {

struct fixture : supervised {
  shared_status ask() {
    shared_status out;
    auto request = self->request(boss, caf::infinite, status_atom_v);
    for (int i = 0; i < 20; ++i)
      consume_message();
    request.receive([&out](const shared_status& told) { out = told; },
                    [](const caf::error& e) { CAF_FAIL(e); });
    return out;
  }

  /// More than is read meanwhile.
  const std::vector<std::string> many = std::vector<std::string>(50, capture_file("http.pcap"));

  /// The result of a command.
  static json result_of(std::string_view command, const run_status& from) {
    const auto answer = json::parse(status_answer(command, from));
    CAF_REQUIRE(answer["ok"].get<bool>());
    return answer["result"];
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(control_tests, fixture)

CAF_TEST(a run tells how it goes while it goes on) {
  write("a.lua", says("a"));
  start(many);
  until_read();
  const auto first = ask();
  CAF_CHECK_EQUAL(first->phase, "running");
  CAF_CHECK(first->account.balanced());
  CAF_REQUIRE_EQUAL(first->inputs.size(), 1u);
  CAF_CHECK_EQUAL(first->inputs[0].state, "reading");
  CAF_CHECK_EQUAL(first->inputs[0].packets, first->account.packets.seen);
  CAF_REQUIRE_EQUAL(first->contexts.size(), 1u);
  CAF_CHECK_EQUAL(first->contexts[0].scripts, std::vector<std::string>{"a.lua"});
  CAF_CHECK(!result);
  const auto second = ask();
  CAF_CHECK_GREATER(second->account.packets.seen, first->account.packets.seen);
  CAF_CHECK_EQUAL(first->account.packets.seen, first->inputs[0].packets); // a value stays
}

CAF_TEST(a drain shows) {
  start(many);
  steps(2);
  self->send(boss, drain_atom_v);
  auto request = self->request(boss, caf::infinite, status_atom_v);
  run();
  std::string phase;
  request.receive([&phase](const shared_status& told) { phase = told->phase; },
                  [](const caf::error& e) { CAF_FAIL(e); });
  CAF_CHECK_EQUAL(phase, "draining");
}

CAF_TEST(what came of a reload is kept) {
  write("a.lua", says("a"));
  start(many);
  until_read();
  const auto before = ask();
  CAF_CHECK_EQUAL(before->reload.count, 0u);
  write("a.lua", "oops(");
  self->send(boss, reload_atom_v);
  steps(4);
  const auto told = ask();
  CAF_CHECK_EQUAL(told->reload.count, 1u);
  CAF_CHECK(!told->reload.loaded);
  CAF_CHECK_EQUAL(told->reload.kept, std::vector<std::string>{"a.lua"});
  CAF_CHECK_EQUAL(told->reload.faults.size(), 1u);
}

CAF_TEST(every command has its part of the account) {
  write("a.lua", says("a"));
  start(many);
  until_read();
  const auto now = ask();
  const auto status = result_of("status", *now);
  CAF_CHECK_EQUAL(status["packets"]["seen"].get<uint64_t>(), now->account.packets.seen);
  const auto ledger = result_of("ledger", *now);
  CAF_CHECK(ledger["balanced"].get<bool>());
  const auto scripts = result_of("scripts", *now);
  CAF_CHECK_GREATER(scripts["a.lua"]["callbacks"]["flowCreate"]["calls"].get<uint64_t>(), 0u);
  const auto contexts = result_of("contexts", *now);
  CAF_CHECK_EQUAL(contexts[0]["name"].get<std::string>(), "inline");
  const auto all = result_of("top", *now);
  CAF_CHECK(all.contains("contexts") && all.contains("scripts") && all.contains("inputs"));
  CAF_CHECK_EQUAL(status_answer("banana", *now), "");
}

CAF_TEST(top shows the growth in a second and the worst of all) {
  run_status now;
  now.phase = "running";
  now.elapsed = std::chrono::seconds(10);
  now.account.outputs.push_back({"o", 10, 10, {{"queue_full", 0}}, 0, 0, 0, 0});
  now.account.contexts.push_back({"own", "running", "", 0, {}, {}});
  now.account.contexts[0].lanes.push_back(
    {0, 0, {{"created", 0}}, {{"created", 0}}, {{"shed", {{"created", 0}}}}, 0, 0, 1024, 0, 0});
  now.contexts.push_back({"own", "running", "", {"b.lua"}, 1, true, 0, 0, 0});
  top_view view;
  CAF_CHECK_NOT_EQUAL(view.picture(result_of("top", now), false).find("nothing was lost"),
                      std::string::npos);
  now.elapsed += std::chrono::seconds(2);
  now.account.packets.seen = 2000;
  now.account.outputs[0].lost[0].second = 500;
  auto& lane = now.account.contexts.at(0).lanes.at(0);
  lane.taken[0].second = 900;
  lane.lost[0].second[0].second = 100;
  lane.waiting = 7;
  now.contexts[0].events = 800;
  const auto worst = view.picture(result_of("top", now), false);
  CAF_CHECK_NOT_EQUAL(worst.find("packets 2,000  1,000/s"), std::string::npos);
  CAF_CHECK_NOT_EQUAL(worst.find("in lanes 50/s"), std::string::npos);
  CAF_CHECK_NOT_EQUAL(worst.find("300 packets, events and records lost, 12"), std::string::npos);
  CAF_CHECK_NOT_EQUAL(
    worst.find("own      running  b.lua        1   400/s        7   1,024    0/s  "
               "50/s          100         0"),
    std::string::npos);
  now.elapsed += std::chrono::seconds(1);
  const auto calm = view.picture(result_of("top", now), false);
  CAF_CHECK_NOT_EQUAL(calm.find("packets 2,000  0/s"), std::string::npos);
  CAF_CHECK_NOT_EQUAL(calm.find("in lanes 0/s"), std::string::npos);
  CAF_CHECK_NOT_EQUAL(calm.find("300 packets, events and records lost, 12"), std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
