// Two nodes on CAF's deterministic network: bytes move, and time passes, when the test says so.
#define CAF_SUITE actors_links
#include "actors/link.hpp"
#include "actors/node.hpp"
#include "nodes/batch_codec.hpp"
#include "tests/actors.hpp"

#include <caf/test/io_dsl.hpp>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

using namespace flowactors;

namespace {

struct node_config : test_node_fixture_config {
  node_config() { add_message_types<caf::id_block::flowactors>(); }
};

using namespace std::chrono_literals;
constexpr uint16_t port = 4711;

/// earth captures and has a link for the context `own`, mars runs it.
struct fixture : point_to_point_fixture<test_coordinator_fixture<node_config>> {
  fixture() {
    way->open({1000, shed_policy::newest, true, false});
    inbox->open({1000, shed_policy::newest, true, false});
    ports->open({{"own", {{inbox}, 100}}});
    door = next_accept_handle();
  }

  ~fixture() {
    for (const caf::actor& each :
         {caf::actor_cast<caf::actor>(sensor), caf::actor_cast<caf::actor>(letters),
          caf::actor_cast<caf::actor>(listener)})
      if (each)
        caf::anon_send_exit(each, caf::exit_reason::kill);
    sensor = letters = nullptr;
    listener = nullptr;
    held.clear();
    drive();
    way->detach();
    here = there = nullptr;
    pass(2s); // the clock has a last tick for each
  }

  static node_identity identity(const std::string& name, uint64_t incarnation) {
    node_identity out;
    out.name = name;
    out.incarnation = incarnation;
    out.names = 1;
    return out; // a heartbeat is 1 s, a timeout 5 s
  }

  node_actor start_node_at(const std::string& name, uint64_t incarnation, uint16_t at,
                           const std::shared_ptr<node_ports>& into) {
    auto parts = std::make_shared<node_parts>();
    parts->listen = [at](caf::io::abstract_broker& self) { self.add_tcp_doorman(at); };
    parts->self = identity(name, incarnation);
    parts->ports = into;
    parts->post = there;
    auto out = mars.sys.middleman().spawn_broker(flowactors::node, std::move(parts));
    caf::anon_send(out, run_atom_v);
    return out;
  }

  void start_node(uint64_t incarnation = 2) {
    listener = start_node_at("mars", incarnation, port, ports);
  }

  /// As if its process had gone: nothing of it is left, and nobody is told.
  void end_node(node_actor& which) {
    caf::anon_send_exit(which, caf::exit_reason::kill);
    which = nullptr;
    drive_one(mars);
  }

  void start_link(node_identity self = identity("earth", 1), uint32_t lanes = 1) {
    auto parts = std::make_shared<link_parts>();
    parts->context = "own";
    parts->to = {"mars", port};
    parts->nodes = nodes;
    parts->self = std::move(self);
    parts->lanes.assign(lanes, way);
    parts->last = std::make_shared<context_end>();
    parts->dial = [this](caf::io::abstract_broker& broker) {
      ++dialed;
      return broker.add_tcp_scribe("mars", port);
    };
    sensor = earth.sys.middleman().spawn_broker(flowactors::link, std::move(parts));
    caf::anon_send(sensor, run_atom_v);
  }

  /// A link for letters alone.
  void start_letters() {
    auto parts = std::make_shared<link_parts>();
    parts->to = {"mars", port};
    parts->self = identity("earth", 1);
    parts->post = here;
    parts->dial = [](caf::io::abstract_broker& broker) {
      return broker.add_tcp_scribe("mars", port);
    };
    letters = earth.sys.middleman().spawn_broker(flowactors::link, std::move(parts));
    caf::anon_send(letters, run_atom_v);
  }

  /// The next dialing will find somebody.
  void connect() {
    at_mars_first = at_mars;
    std::tie(at_mars, at_earth) = prepare_connection(mars, earth, "mars", port, door);
  }

  void link_up() {
    connect();
    start_node();
    drive_one(mars);
    start_link();
    drive();
  }

  template <class Planet>
  static bool step(Planet& x) {
    return x.sched.try_run_once() || x.mpx.try_exec_runnable() || x.mpx.read_data()
           || x.mpx.try_accept_connection();
  }

  template <class Planet>
  static void drive_one(Planet& x) {
    while (step(x)) {
    }
  }

  /// Until nothing moves; time stands still.
  void drive() {
    while (step(earth) || step(mars)) {
    }
  }

  /// Lets time pass by steps that are shorter than any pause.
  void pass(std::chrono::milliseconds time) {
    for (auto at = 0ms; at < time; at += 50ms) {
      earth.sched.advance_time(50ms);
      mars.sched.advance_time(50ms);
      drive();
    }
  }

  /// The same, and mars is frozen.
  void pass_on_earth(std::chrono::milliseconds time) {
    for (auto at = 0ms; at < time; at += 50ms) {
      earth.sched.advance_time(50ms);
      drive_one(earth);
    }
  }

  void put(size_t events) {
    flow_batch_writer writer{0, events};
    for (size_t i = 0; i < events; ++i) {
      flow_record flow{};
      flow.id = ++last_id;
      flow.ip_version = 4;
      writer.add(event_kind::updated, flow, text, 10);
    }
    way->put(writer.finish());
  }

  /// Takes what has come to mars, in order; it is done when `held` lets go of it.
  void take() {
    while (auto next = inbox->take()) {
      for (const auto& each : next->batch->entries())
        came.push_back(each.flow.id);
      held.push_back(std::move(next->batch));
      inbox->settle();
    }
  }

  /// Takes it, and is done with it.
  void handle() {
    take();
    held.clear();
    drive();
  }

  void check_that_each_came_once() {
    CAF_REQUIRE_EQUAL(came.size(), last_id);
    for (size_t i = 0; i < came.size(); ++i)
      CAF_REQUIRE_EQUAL(came[i], i + 1);
  }

  /// What the link says of itself.
  link_account books() {
    link_account out;
    bool told = false;
    const auto asks = [&, to = sensor](caf::event_based_actor* self, int) {
      self->request(to, caf::infinite, snapshot_atom_v)
        .then(
          [&](const context_snapshot& now) {
            out = now.links.at(0);
            told = true;
          },
          [](const caf::error&) {});
    };
    earth.sys.spawn(asks, 0); // UBSan takes a tuple of no arguments for a null pointer
    drive_one(earth);
    CAF_REQUIRE(told);
    return out;
  }

  uint64_t handled() const { return sum(way->counters().handled); }
  uint64_t refused(refusal why) const { return ports->refused()[static_cast<size_t>(why)]; }

#ifdef __SANITIZE_ADDRESS__
  // Brokers that were killed on the test's network are not freed; those of processes are.
  __lsan::ScopedDisabler quiet;
#endif
  std::shared_ptr<lane> way = std::make_shared<lane>(lane_options{});
  std::shared_ptr<lane> inbox = std::make_shared<lane>(lane_options{});
  std::shared_ptr<node_ports> ports = std::make_shared<node_ports>();
  std::shared_ptr<post_office> here = std::make_shared<post_office>(1),
                               there = std::make_shared<post_office>(2);
  std::shared_ptr<route> nodes = std::make_shared<route>(std::vector<std::string>{"mars:4711"});
  context_actor sensor, letters;
  node_actor listener;
  caf::io::accept_handle door;
  caf::io::connection_handle at_mars, at_earth, at_mars_first;
  size_t dialed = 0;
  uint64_t last_id = 0;
  flow_text text{};
  std::vector<uint64_t> came;
  std::vector<std::shared_ptr<const flow_batch>> held;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(link_tests, fixture)

CAF_TEST(events cross and are settled when they are done) {
  link_up();
  put(10);
  put(5);
  drive();
  take();
  CAF_CHECK_EQUAL(came.size(), 15u);
  CAF_CHECK_EQUAL(handled(), 0u);
  held.clear();
  drive();
  CAF_CHECK_EQUAL(handled(), 15u);
  check_that_each_came_once();
  const auto now = books();
  CAF_CHECK_EQUAL(now.node, "mars");
  CAF_CHECK_EQUAL(now.state, "running");
  CAF_CHECK_EQUAL(now.sent, 15u);
  CAF_CHECK_EQUAL(now.done, 15u);
  const auto peer = ports->peers().at(0);
  CAF_CHECK_EQUAL(peer.node, "earth");
  CAF_CHECK_EQUAL(peer.received, 15u);
  CAF_CHECK_EQUAL(peer.done, 15u);
}

CAF_TEST(no more is under way than there is credit for) {
  link_up();
  for (int i = 0; i < 40; ++i)
    put(10);
  drive();
  take();
  CAF_CHECK_GREATER_OR_EQUAL(came.size(), 100u);
  CAF_CHECK_LESS(came.size(), 120u); // 100, and the batch that used up the rest
  while (handled() < 400) {
    const auto before = handled();
    handle();
    CAF_REQUIRE_GREATER(handled(), before);
  }
  check_that_each_came_once();
}

CAF_TEST(heartbeats keep a silent connection) {
  link_up();
  pass(60s);
  CAF_CHECK_EQUAL(dialed, 1u);
  CAF_CHECK_EQUAL(books().state, "running");
  put(1);
  drive();
  handle();
  CAF_CHECK_EQUAL(handled(), 1u);
}

CAF_TEST(what was on the wire when it broke is sent again) {
  link_up();
  put(10);
  drive();
  handle();
  put(10);
  put(10);
  drive_one(earth);
  mars.mpx.virtual_network_buffer(at_mars).clear(); // lost on its way
  connect();
  pass_on_earth(6s); // mars freezes
  CAF_CHECK_EQUAL(books().trouble, "nothing comes for 5000 ms");
  CAF_CHECK_GREATER_OR_EQUAL(dialed, 2u);
  drive();
  put(10);
  drive();
  handle();
  CAF_CHECK_EQUAL(handled(), 40u);
  check_that_each_came_once();
  const auto now = books();
  CAF_CHECK_EQUAL(now.resent, 2u);
  CAF_CHECK_EQUAL(now.connections, 2u);
  CAF_CHECK_EQUAL(refused(refusal::twice) + refused(refusal::gap), 0u);
}

CAF_TEST(what another process had in hand is lost by name) {
  link_up();
  put(10);
  drive();
  handle();
  put(10);
  put(10);
  drive();
  take();
  end_node(listener);
  held.clear();
  door = next_accept_handle();
  connect();
  start_node(3);
  pass_on_earth(6s);
  put(5);
  drive();
  handle();
  const auto counts = way->counters();
  CAF_CHECK_EQUAL(sum(counts.handled), 15u);
  CAF_CHECK_EQUAL(sum(counts.lost_by(lane_loss::crashed)), 20u);
  CAF_CHECK_EQUAL(sum(counts.taken), 35u);
  check_that_each_came_once();
  CAF_CHECK_EQUAL(books().connections, 2u);
  CAF_CHECK_EQUAL(books().resent, 0u);
}

CAF_TEST(answers for several batches come at the latest with the next heartbeat) {
  link_up();
  for (int i = 0; i < 6; ++i)
    put(1);
  drive();
  take();
  held.erase(held.begin(), held.begin() + 2); // the others are not done
  drive();
  CAF_CHECK_EQUAL(handled(), 0u);
  pass(500ms);
  CAF_CHECK_EQUAL(handled(), 2u);
  held.erase(held.begin(), held.begin() + 3);
  drive();
  CAF_CHECK_EQUAL(handled(), 2u);
  held.clear(); // nothing is left to wait for
  drive();
  CAF_CHECK_EQUAL(handled(), 6u);
}

CAF_TEST(what has come is not sent again though nobody said so) {
  link_up();
  put(10);
  put(10);
  drive();
  take(); // in hand on mars
  connect();
  pass_on_earth(6s);
  drive();
  held.clear();
  drive();
  CAF_CHECK_EQUAL(handled(), 20u);
  check_that_each_came_once();
  CAF_CHECK_EQUAL(books().resent, 0u);
}

CAF_TEST(it calls again ever more rarely) {
  start_link();
  drive_one(earth);
  pass_on_earth(1s);
  const size_t first = dialed;
  CAF_CHECK_GREATER(first, 2u);
  CAF_CHECK_LESS(first, 9u);
  pass_on_earth(60s);
  const size_t early = dialed;
  pass_on_earth(60s);
  CAF_CHECK_LESS_OR_EQUAL(dialed - early, 26u); // every 2.5 to 5 s
  CAF_CHECK_GREATER_OR_EQUAL(dialed - early, 11u);
}

CAF_TEST(nodes that differ are told apart on both sides) {
  const auto refuse = [this](node_identity self, refusal why) {
    connect();
    start_link(std::move(self));
    drive();
    CAF_CHECK_EQUAL(refused(why), 1u);
    const auto trouble = books().trouble;
    CAF_CHECK(trouble.find(to_string(why)) != trouble.npos
              || trouble.find(sentence_of(why)) != trouble.npos);
    caf::anon_send_exit(sensor, caf::exit_reason::kill);
    sensor = nullptr;
    drive();
  };
  connect();
  start_node();
  drive_one(mars);
  auto self = identity("earth", 5);
  self.names = 2;
  refuse(self, refusal::other_names);
  refuse(identity("mars", 5), refusal::same_name); // a link to itself, or two of a name
}

CAF_TEST(messages cross once whatever becomes of the connection) {
  const auto from = here->open("inline");
  const auto to = there->open("own");
  connect();
  start_node();
  drive_one(mars);
  start_letters();
  drive();
  CAF_CHECK(from->send("own", "\x01")); // packed: false
  drive();
  std::string value;
  CAF_CHECK(to->take(value));
  CAF_CHECK_EQUAL(here->accounts().messages.passed_on, 1u);
  from->send("own", "\x02");
  drive_one(earth);
  mars.mpx.virtual_network_buffer(at_mars).clear(); // lost on its way
  connect();
  pass_on_earth(6s);
  drive();
  CAF_CHECK(to->take(value));
  CAF_CHECK_EQUAL(value, "\x02");
  CAF_CHECK(!to->take(value));
  CAF_CHECK_EQUAL(here->accounts().messages.passed_on, 2u);
}

CAF_TEST(messages wait behind no events) {
  const auto from = here->open("inline");
  const auto to = there->open("own");
  link_up();
  connect();
  start_letters();
  drive();
  for (int i = 0; i < 40; ++i)
    put(10);
  drive_one(earth); // all that there is credit for is under way, and mars reads none of it
  const auto events = mars.mpx.virtual_network_buffer(at_mars_first);
  CAF_CHECK_GREATER(events.size(), 0u);
  mars.mpx.virtual_network_buffer(at_mars_first).clear();
  from->send("own", "\x01");
  drive();
  CAF_CHECK(to->waits());
  CAF_CHECK_EQUAL(came.size(), 0u);
}

CAF_TEST(at the end a link waits for what is under way) {
  link_up();
  put(10);
  drive();
  bool ended = false;
  const auto asks = [&, to = sensor](caf::event_based_actor* self, int) {
    self->request(to, caf::infinite, finish_atom_v)
      .then([&](const context_snapshot&) { ended = true; }, [](const caf::error&) {});
  };
  earth.sys.spawn(asks, 0);
  drive();
  CAF_CHECK_EQUAL(books().state, "running");
  CAF_CHECK(!ended);
  handle();
  pass(6s); // mars closes the connection; the test's network does not say so
  CAF_CHECK(ended);
  CAF_CHECK_EQUAL(handled(), 10u);
}

CAF_TEST_FIXTURE_SCOPE_END()

namespace {

/// Beside mars there is venus, on the same machine: both run the context, each for its share.
struct share_fixture : fixture {
  share_fixture() {
    nodes = std::make_shared<route>(std::vector<std::string>{"mars:4711", "mars:4712"});
    other_way->open({1000, shed_policy::newest, true, false});
    other_inbox->open({1000, shed_policy::newest, true, false});
    other_ports->open({{"own", {{other_inbox}, 100}}});
    link_up();
    prepare_venus(7);
    auto parts = std::make_shared<link_parts>();
    parts->context = "own";
    parts->to = {"mars", other_port};
    parts->place = 1;
    parts->nodes = nodes;
    parts->self = identity("earth", 1);
    parts->lanes = {other_way};
    parts->last = std::make_shared<context_end>();
    parts->dial = [](caf::io::abstract_broker& broker) {
      return broker.add_tcp_scribe("mars", other_port);
    };
    other = earth.sys.middleman().spawn_broker(flowactors::link, std::move(parts));
    caf::anon_send(other, run_atom_v);
    drive();
  }

  ~share_fixture() {
    end_node(venus);
    caf::anon_send_exit(other, caf::exit_reason::kill);
    other = nullptr;
    drive();
    other_way->detach();
  }

  /// The next dialing will find it; who accepts first has to wait for it.
  void prepare_venus(uint64_t incarnation) {
    prepare_connection(mars, earth, "mars", other_port, next_accept_handle());
    venus = start_node_at("venus", incarnation, other_port, other_ports);
  }

  /// Which node gets each of some clients.
  std::vector<uint32_t> picks() const {
    std::vector<uint32_t> out;
    for (uint8_t i = 0; i < 100; ++i) {
      flow_record flow{};
      flow.client_address[15] = i;
      out.push_back(nodes->pick(flow));
    }
    return out;
  }

  void put_to_venus(size_t events) {
    flow_batch_writer writer{0, events};
    for (size_t i = 0; i < events; ++i) {
      flow_record flow{};
      flow.ip_version = 4;
      writer.add(event_kind::updated, flow, text, 10);
    }
    other_way->put(writer.finish());
  }

  void handle_at_venus() {
    while (auto next = other_inbox->take())
      other_inbox->settle();
    drive();
  }

  static constexpr uint16_t other_port = 4712;
  std::shared_ptr<lane> other_way = std::make_shared<lane>(lane_options{});
  std::shared_ptr<lane> other_inbox = std::make_shared<lane>(lane_options{});
  std::shared_ptr<node_ports> other_ports = std::make_shared<node_ports>();
  context_actor other;
  node_actor venus;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(share_tests, share_fixture)

CAF_TEST(the share of a node that goes moves and comes back with it) {
  const auto whole = picks();
  CAF_CHECK_GREATER(std::ranges::count(whole, 0u), 20);
  CAF_CHECK_GREATER(std::ranges::count(whole, 1u), 20);
  put(10);
  put_to_venus(10);
  drive();
  handle();
  handle_at_venus();
  put_to_venus(20); // in hand there when it goes
  drive();
  end_node(venus);
  while (other_inbox->take())
    other_inbox->settle();
  put_to_venus(30); // under way to nobody
  pass(4s);
  CAF_CHECK(nodes->is_up(1));
  pass(7s);
  CAF_CHECK(!nodes->is_up(1));
  CAF_CHECK_EQUAL(std::ranges::count(picks(), 0u), 100);
  put_to_venus(40); // chosen before, put after
  put(10);
  drive();
  handle();
  CAF_CHECK_EQUAL(handled(), 20u); // mars has felt nothing
  prepare_venus(8);
  pass_on_earth(6s);
  drive();
  CAF_CHECK(nodes->is_up(1));
  CAF_CHECK(picks() == whole);
  put_to_venus(50);
  drive();
  handle_at_venus();
  const auto counts = other_way->counters();
  CAF_CHECK_EQUAL(sum(counts.taken), 150u);
  CAF_CHECK_EQUAL(sum(counts.handled), 60u);
  CAF_CHECK_EQUAL(sum(counts.lost_by(lane_loss::crashed)), 50u);
  CAF_CHECK_EQUAL(sum(counts.lost_by(lane_loss::unreachable)), 40u);
  check_that_each_came_once();
}

CAF_TEST_FIXTURE_SCOPE_END()
