#define CAF_SUITE actors_cluster
#include "actors/cluster.hpp"

#include "actors/cluster_json.hpp"
#include "tests/actors.hpp"
#include "tests/actors/fixture.hpp"

#include <nlohmann/json.hpp>

using namespace flowactors;
using json = nlohmann::ordered_json;

namespace {

/// A node: its post office, and a supervisor that only knows how to load.
struct station {
  std::string name;
  std::shared_ptr<post_office> office;
  cluster_actor asks;
};

supervisor_actor::behavior_type loader(supervisor_actor::pointer, int) {
  return {
    [](reload_atom) {
      reload_result out;
      out.loaded = true;
      return out;
    },
    [](load_atom) {},
    [](drain_atom) {},
    [](give_up_atom) {},
    [](snapshot_atom) {},
    [](status_atom) { return shared_status(std::make_shared<const run_status>()); },
    [](ask_atom, const std::string&, uint32_t) { return std::string(); },
    [](tick_atom) {},
  };
}

struct fixture : test_coordinator_fixture<message_types> {
  ~fixture() {
    for (auto& each : stations)
      anon_send_exit(each->asks, caf::exit_reason::kill);
    sched.run();
  }

  station& add(const std::string& name, bool trusts = true) {
    stations.push_back(std::make_unique<station>(station{
      name, std::make_shared<post_office>(stations.size() + 1, std::chrono::hours(1)), {}}));
    auto& out = *stations.back();
    out.asks = sys.spawn(cluster, cluster_parts{name, out.office, sys.spawn(loader, 0), trusts});
    sched.run();
    return out;
  }

  struct connection {
    std::array<station*, 2> ends;
    std::array<post_office::peer_id, 2> ids;
    std::array<std::vector<shared_letter>, 2> out;
    bool frozen = false;
  };

  connection& join(station& one, station& two) {
    wires.push_back(std::make_unique<connection>(connection{{&one, &two}, {}, {}}));
    auto& made = *wires.back();
    for (const size_t i : {0u, 1u})
      made.ids[i] = made.ends[i]->office->join(
        made.ends[1 - i]->name, {},
        [&out = made.out[i]](shared_letter what) { out.push_back(std::move(what)); });
    return made;
  }

  /// Lets actors and letters go on until nothing moves.
  void settle() {
    for (bool any = true; any;) {
      sched.run();
      any = false;
      for (auto& each : wires)
        for (const size_t i : {0u, 1u})
          for (const auto& what : std::exchange(each->out[i], {})) {
            if (each->frozen)
              continue;
            each->ends[1 - i]->office->take(each->ids[1 - i], *what);
            any = true;
          }
    }
  }

  void ask(station& at, uint32_t patience_ms = 1000) {
    answered.reset();
    const auto asks = [this, to = at.asks, patience_ms](caf::event_based_actor* asker, int) {
      asker->request(to, caf::infinite, ask_atom_v, std::string("reload"), patience_ms)
        .then([this](const std::string& list) { answered = json::parse(list); },
              [](const caf::error&) { CAF_ERROR("no answer"); });
    };
    sys.spawn(asks, 0); // UBSan takes a tuple of no arguments for a null pointer
    settle();
  }

  json answer() {
    CAF_REQUIRE(answered);
    return *answered;
  }

  std::vector<std::string> loaded(const json& from) const {
    std::vector<std::string> out;
    for (const auto& each : from)
      if (each["ok"] == json(true) && each["result"].is_object()
          && each["result"]["loaded"] == json(true))
        out.push_back(each["node"].get<std::string>());
    return out;
  }

  std::vector<std::unique_ptr<station>> stations;
  std::vector<std::unique_ptr<connection>> wires;
  std::optional<json> answered;
};

using names = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(cluster_tests, fixture)

CAF_TEST(a node alone answers for itself) {
  ask(add("one"));
  CAF_CHECK_EQUAL(loaded(answer()), (names{"one"}));
}

CAF_TEST(all that can be reached answer once) {
  auto& one = add("one");
  auto& two = add("two");
  auto& three = add("three");
  auto& four = add("four");
  join(one, two);
  join(two, three);
  join(three, one); // a ring
  join(four, two);
  ask(four);
  CAF_CHECK_EQUAL(loaded(answer()), (names{"four", "one", "three", "two"}));
  ask(one);
  CAF_CHECK_EQUAL(loaded(answer()), (names{"four", "one", "three", "two"}));
}

CAF_TEST(one that says nothing is named when time is over) {
  auto& one = add("one");
  auto& two = add("two");
  auto& three = add("three");
  join(one, two);
  join(two, three).frozen = true;
  ask(one, 1000);
  sched.advance_time(std::chrono::milliseconds(800)); // the time that two has
  settle();
  const auto list = answer();
  CAF_CHECK_EQUAL(loaded(list), (names{"one", "two"}));
  CAF_REQUIRE_EQUAL(list.size(), 3u);
  const auto silent =
    std::ranges::find_if(list, [](const json& x) { return x["node"] == "three"; });
  CAF_REQUIRE(silent != list.end());
  CAF_CHECK_EQUAL((*silent)["error"].get<std::string>(), "no answer in time");
}

CAF_TEST(one that goes meanwhile is named) {
  auto& one = add("one");
  auto& two = add("two");
  auto& wire = join(one, two);
  wire.frozen = true;
  ask(one);
  one.office->leave(wire.ids[0]);
  settle();
  const auto list = answer();
  CAF_REQUIRE_EQUAL(list.size(), 2u);
  CAF_CHECK_EQUAL(list[1]["error"].get<std::string>(), "the connection was lost");
}

CAF_TEST(who has not shown who it is gets no answer) {
  auto& one = add("one");
  auto& two = add("two", false);
  join(one, two);
  ask(one);
  CAF_CHECK_EQUAL(loaded(answer()), (names{"one"}));
  ask(two);
  CAF_CHECK_EQUAL(loaded(answer()), (names{"one", "two"}));
}

CAF_TEST(answers that lie do no harm) {
  auto& one = add("one");
  auto& two = add("two");
  auto& wire = join(one, two);
  settle();
  wire.frozen = true;
  const auto lie = [&](const std::string& body, uint64_t serial) {
    one.office->take(wire.ids[0], {letter_kind::answer, 0, 0, 1, serial, "answer", body});
    sched.run();
  };
  for (const auto& body :
       {std::string("not JSON"), std::string("{}"), std::string("[1, null, {\"node\": 1}]"),
        std::string("[{\"node\": \"two\", \"ok\": \"yes\"}]"), std::string(1'000'000, '['),
        "[{\"node\": \"two\", \"ok\": true, \"result\": " + std::string(500'000, '[')
          + std::string(500'000, ']') + "}]"}) {
    ask(one, 1000);
    for (uint64_t serial = 0; serial < 40; ++serial) // one of them is that of the request
      lie(body, serial);
    sched.advance_time(std::chrono::milliseconds(1000));
    settle();
    CAF_CHECK_GREATER_OR_EQUAL(loaded(answer()).size(), 1u);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(results of all nodes stand whatever nodes say) {
  for (
    const char* result :
    {"null", "1", "[]", "{}", R"({"equations": 1, "links": {}, "peers": "x"})",
     R"({"equations": [1, null, {"name": 3}, {"name": "e", "left": [], "right": {"a": -1, "b": "x"}}]})",
     R"({"links": [1, {"node": 1, "sent": "many", "context": {}, "state": null}], "peers": [{"node": []}]})",
     R"({"phase": 1, "elapsed_s": "x", "packets": 3, "flows": {"created": {}}, "balanced": 1})",
     R"({"applied": [1, {}], "faults": "x", "waiting": null, "loaded": "yes"})"}) {
    const auto nodes = json::array({{{"node", "a"}, {"ok", true}, {"result", json::parse(result)}},
                                    {{"node", "b"}, {"ok", true}},
                                    {{"node", "c"}, {"ok", false}, {"error", 7}}});
    for (const std::string command : {"status", "ledger", "reload"}) {
      const auto out = cluster_result(command, nodes);
      CAF_CHECK(!cluster_text(command, out, false).empty());
      CAF_CHECK(out.value("balanced", false) == false);
    }
  }
}

CAF_TEST(equations of all nodes are added up and each hop has both ends) {
  const auto equation = [](const char* name, json left, json right) {
    return json{{"name", name}, {"left", std::move(left)}, {"right", std::move(right)}};
  };
  const json sensor = {
    {"balanced", true},
    {"equations",
     {equation("events for own", {{"put", 70}}, {{"handled", 60}, {"unreachable", 10}}),
      equation("packets", {{"seen", 9}}, {{"handled", 9}})}},
    {"links",
     {{{"context", "own"},
       {"at", "mars:1"},
       {"node", "mars"},
       {"state", "running"},
       {"sent", 60},
       {"done", 60}}}}};
  json analyzer = {
    {"balanced", true},
    {"equations", {equation("events for own", {{"put", 5}, {"came", 60}}, {{"handled", 65}})}},
    {"peers", {{{"node", "earth"}, {"context", "own"}, {"received", 60}, {"done", 60}}}}};
  const auto answers = [&] { // as they come
    const auto list = json::array({{{"node", "earth"}, {"ok", true}, {"result", sensor}},
                                   {{"node", "mars"}, {"ok", true}, {"result", analyzer}}});
    return json::parse(list.dump());
  };
  const auto whole = cluster_result("ledger", answers());
  CAF_CHECK_EQUAL(whole["balanced"], json(true));
  const json events = whole["equations"][0];
  CAF_CHECK_EQUAL(events["left"], (json{{"put", 75}, {"came", 60}}));
  CAF_CHECK_EQUAL(events["right"], (json{{"handled", 125}, {"unreachable", 10}}));
  CAF_CHECK_EQUAL(events["balanced"], json(true));
  CAF_REQUIRE_EQUAL(whole["hops"].size(), 1u);
  const json hop = whole["hops"][0];
  CAF_CHECK_EQUAL(hop["from"], json("earth"));
  CAF_CHECK_EQUAL(hop["to"], json("mars"));
  for (const char* count : {"sent", "received", "done", "known_done"})
    CAF_CHECK_EQUAL(hop[count], json(60));
  analyzer["equations"][0]["right"]["handled"] = 64; // and says that it balances
  const auto broken = cluster_result("ledger", answers());
  CAF_CHECK_EQUAL(broken["equations"][0]["balanced"], json(false));
  CAF_CHECK_EQUAL(broken["balanced"], json(false));
}
