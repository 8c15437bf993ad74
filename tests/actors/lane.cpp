#define CAF_SUITE actors_lane
#include "actors/lane.hpp"

#include "actors/lane_writer.hpp"
#include "tests/suite.hpp"

#include <thread>

using namespace flowactors;

namespace {

struct fixture {
  std::shared_ptr<const flow_batch> batch(size_t events, uint64_t first_id = 1) {
    flow_batch_writer writer{0, events};
    for (size_t i = 0; i < events; ++i) {
      flow_record flow{};
      flow.id = first_id + i;
      flow.ip_version = 4;
      writer.add(event_kind::updated, flow, text, 10);
    }
    return writer.finish();
  }

  void start(uint64_t most, shed_policy policy, bool patient = false) {
    aut = std::make_unique<lane>(lane_options{most, policy, patient, false});
    aut->attach([this] { ++woken; });
  }

  /// The sequence numbers of the batches that come out.
  std::vector<uint64_t> take_all() {
    std::vector<uint64_t> out;
    while (auto next = aut->take()) {
      out.push_back(next->first);
      aut->settle();
    }
    return out;
  }

  uint64_t updated(const kind_counts& counts) const { return counts[2]; }

  bool balanced() const {
    const auto c = aut->counters();
    uint64_t right = sum(c.handled) + sum(c.waiting);
    for (const auto& lost : c.lost)
      right += sum(lost);
    return sum(c.taken) == right;
  }

  flow_text text{};
  std::unique_ptr<lane> aut;
  int woken = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(lane_tests, fixture)

CAF_TEST(batches come out in order and numbered) {
  start(100, shed_policy::newest);
  aut->put(batch(10));
  aut->put(batch(5));
  aut->put(batch(1));
  CAF_CHECK_EQUAL(take_all(), (std::vector<uint64_t>{0, 10, 15}));
  CAF_CHECK_EQUAL(updated(aut->counters().handled), 16u);
  CAF_CHECK(balanced());
}

CAF_TEST(the context is woken once until it has found nothing) {
  start(100, shed_policy::newest);
  aut->put(batch(1));
  aut->put(batch(1));
  CAF_CHECK_EQUAL(woken, 1);
  CAF_CHECK_EQUAL(take_all().size(), 2u);
  CAF_CHECK_EQUAL(woken, 1);
  aut->put(batch(1));
  CAF_CHECK_EQUAL(woken, 2);
}

CAF_TEST(without credit the newest are shed) {
  start(20, shed_policy::newest);
  for (int i = 0; i < 4; ++i)
    aut->put(batch(10));
  CAF_CHECK_EQUAL(take_all(), (std::vector<uint64_t>{0, 10}));
  const auto books = aut->counters();
  CAF_CHECK_EQUAL(updated(books.lost_by(lane_loss::shed)), 20u);
  CAF_CHECK_EQUAL(books.peak, 20u);
  CAF_CHECK(balanced());
}

CAF_TEST(without credit the oldest are shed) {
  start(20, shed_policy::oldest);
  for (int i = 0; i < 4; ++i)
    aut->put(batch(10));
  CAF_CHECK_EQUAL(take_all(), (std::vector<uint64_t>{20, 30}));
  CAF_CHECK_EQUAL(updated(aut->counters().lost_by(lane_loss::shed)), 20u);
  CAF_CHECK(balanced());
}

CAF_TEST(without credit every second batch is shed) {
  start(40, shed_policy::sample);
  for (int i = 0; i < 6; ++i)
    aut->put(batch(10));
  CAF_CHECK_EQUAL(take_all(), (std::vector<uint64_t>{10, 30, 40, 50}));
  CAF_CHECK_EQUAL(updated(aut->counters().lost_by(lane_loss::shed)), 20u);
  CAF_CHECK_EQUAL(aut->counters().peak, 40u);
  CAF_CHECK(balanced());
}

CAF_TEST(what is in hand takes credit) {
  for (const auto policy : {shed_policy::newest, shed_policy::oldest, shed_policy::sample}) {
    start(10, policy);
    aut->put(batch(10));
    CAF_REQUIRE(aut->take());
    aut->put(batch(10));
    CAF_CHECK_EQUAL(updated(aut->counters().lost_by(lane_loss::shed)), 10u);
    aut->settle();
    aut->put(batch(10));
    CAF_CHECK_EQUAL(updated(aut->counters().waiting), 10u);
    CAF_CHECK(balanced());
  }
}

CAF_TEST(a batch that is larger than the lane fits when nothing is under way) {
  start(10, shed_policy::newest);
  aut->put(batch(30));
  aut->put(batch(1));
  CAF_CHECK_EQUAL(take_all(), (std::vector<uint64_t>{0}));
  CAF_CHECK_EQUAL(updated(aut->counters().lost_by(lane_loss::shed)), 1u);
}

CAF_TEST(a patient lane is choked until credit comes back) {
  start(20, shed_policy::newest, true);
  aut->put(batch(10));
  CAF_CHECK(!aut->choked());
  aut->put(batch(10));
  CAF_CHECK(aut->choked());
  CAF_CHECK(!aut->wait(std::chrono::nanoseconds(0)));
  CAF_REQUIRE(aut->take());
  CAF_CHECK(aut->choked());
  aut->settle();
  CAF_CHECK(!aut->choked());
  CAF_CHECK(aut->wait(std::chrono::nanoseconds(0)));
}

CAF_TEST(a capture that puts in faster than it is taken out never exceeds the credit) {
  aut = std::make_unique<lane>(lane_options{64, shed_policy::newest, true, true});
  constexpr size_t count = 2000;
  std::thread capture([this] {
    for (size_t i = 0; i < count; ++i)
      aut->put(batch(1 + i % 16));
  });
  uint64_t expected = 0;
  uint64_t gaps = 0;
  for (size_t seen = 0; seen < count;) {
    const auto next = aut->take();
    if (!next)
      continue;
    gaps += next->first != expected;
    expected = next->first + next->batch->size();
    aut->settle();
    ++seen;
  }
  capture.join();
  const auto books = aut->counters();
  CAF_CHECK_EQUAL(gaps, 0u);
  CAF_CHECK_LESS_OR_EQUAL(books.peak, 64u);
  CAF_CHECK_EQUAL(books.handled, books.taken);
  CAF_CHECK_EQUAL(books.next, expected);
  CAF_CHECK(balanced());
}

CAF_TEST(a successor goes on with what waits) {
  start(100, shed_policy::newest);
  for (int i = 0; i < 3; ++i)
    aut->put(batch(10));
  CAF_REQUIRE(aut->take());
  aut->break_off();
  CAF_CHECK_EQUAL(updated(aut->counters().lost_by(lane_loss::crashed)), 10u);
  aut->put(batch(10)); // nobody is there to be woken
  CAF_CHECK_EQUAL(woken, 1);
  aut->attach([this] { woken += 100; });
  CAF_CHECK_EQUAL(woken, 101);
  CAF_CHECK_EQUAL(take_all(), (std::vector<uint64_t>{10, 20, 30}));
  CAF_CHECK(balanced());
}

CAF_TEST(what waits in a closed lane is lost by name and so is what comes) {
  start(100, shed_policy::newest, true);
  aut->put(batch(10));
  aut->put(batch(20));
  CAF_REQUIRE(aut->take());
  aut->close(lane_loss::parked);
  aut->put(batch(5));
  aut->settle();
  CAF_CHECK(!aut->take());
  const auto books = aut->counters();
  CAF_CHECK_EQUAL(updated(books.handled), 10u);
  CAF_CHECK_EQUAL(updated(books.lost_by(lane_loss::parked)), 25u);
  CAF_CHECK(balanced());
  aut->open(lane_options{});
  aut->put(batch(5));
  CAF_CHECK_EQUAL(take_all(), (std::vector<uint64_t>{35}));
}

CAF_TEST(closing ends the wait of a capture) {
  aut = std::make_unique<lane>(lane_options{10, shed_policy::newest, true, true});
  aut->put(batch(10));
  std::thread capture([this] { aut->put(batch(10)); });
  while (aut->counters().waits == 0)
    std::this_thread::yield();
  CAF_CHECK(balanced());
  aut->close(lane_loss::unfinished);
  capture.join();
  CAF_CHECK_EQUAL(updated(aut->counters().lost_by(lane_loss::unfinished)), 20u);
  CAF_CHECK(balanced());
}

CAF_TEST(packet time is told when nothing waits) {
  start(100, shed_policy::newest);
  aut->put(batch(1));
  aut->mark(5'000'000'000);
  CAF_CHECK_EQUAL(aut->marked_ns(), 0);
  CAF_CHECK_EQUAL(take_all().size(), 1u);
  CAF_CHECK_EQUAL(aut->marked_ns(), 5'000'000'000);
  aut->mark(5'900'000'000);
  CAF_CHECK_EQUAL(woken, 1);
  aut->mark(6'000'000'000);
  CAF_CHECK_EQUAL(woken, 2);
}

CAF_TEST(contexts that want the same share one batch) {
  const auto make = [] { return std::make_shared<lane>(lane_options{}); };
  const auto one = make();
  const auto two = make();
  batch_options options;
  options.events = 2;
  lane_writer writer{0, options, {{{"one", one}, {"two", two}}}};
  flow_record flow{};
  flow.ip_version = 4;
  for (int i = 0; i < 3; ++i)
    writer.add(event_kind::ended, flow, text, 10);
  const auto of_one = one->take();
  const auto of_two = two->take();
  CAF_REQUIRE(of_one && of_two);
  CAF_CHECK_EQUAL(of_one->batch, of_two->batch);
  const auto books = writer.account();
  CAF_REQUIRE_EQUAL(books.size(), 2u);
  CAF_CHECK_EQUAL(books[0].emitted, (kind_counts{0, 0, 0, 3}));
  CAF_CHECK_EQUAL(books[0].put, (kind_counts{0, 0, 0, 2}));
  CAF_CHECK_EQUAL(books[0].collecting, (kind_counts{0, 0, 0, 1}));
  writer.flush(10, true);
  CAF_CHECK_EQUAL(sum(one->counters().taken), 3u);
}

CAF_TEST(a batch goes off when it has lingered) {
  for (const bool patient : {true, false}) {
    const auto to = std::make_shared<lane>(lane_options{});
    batch_options options;
    options.linger = patient ? std::chrono::hours(1) : std::chrono::nanoseconds(0);
    lane_writer writer{0, options, {{{"one", to}}}};
    flow_record flow{};
    flow.ip_version = 4;
    writer.add(event_kind::ended, flow, text, 10);
    writer.flush(10, false);
    CAF_CHECK_EQUAL(to->take().has_value(), !patient);
    writer.flush(10, true);
    CAF_CHECK_EQUAL(sum(to->counters().taken), 1u);
  }
}

CAF_TEST(all flows of a client have one shard) {
  flow_record flow{};
  std::array<int, 4> counts{};
  int parted = 0;
  for (int i = 0; i < 4000; ++i) {
    flow.client_address[15] = static_cast<uint8_t>(i);
    flow.client_address[14] = static_cast<uint8_t>(i >> 8);
    flow.server_port = static_cast<uint16_t>(i);
    const auto shard = shard_of(flow, 4);
    ++counts[shard];
    flow.server_port = static_cast<uint16_t>(i + 1);
    parted += shard_of(flow, 4) != shard;
  }
  CAF_CHECK_EQUAL(parted, 0);
  for (const int n : counts)
    CAF_CHECK_GREATER(n, 800);
}

CAF_TEST_FIXTURE_SCOPE_END()
