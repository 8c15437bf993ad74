#define CAF_SUITE outputs_record_queue
#include "outputs/record_queue.hpp"

#include "outputs/record_ports.hpp"
#include "tests/outputs/records.hpp"
#include "tests/suite.hpp"

#include <atomic>
#include <thread>

using namespace flowactors;

namespace {

struct fixture {
  fixture() { options.max_bytes = 3 * numbered(0, 10).bytes(); }

  record_queue make() {
    return {options, [this] { ++wakes; }};
  }

  std::shared_ptr<record_queue> make_one(const char* name, bool emits) {
    options.name = name;
    options.emits = emits;
    options.flows = emits ? 0 : mask_of(event_kind::ended);
    return std::make_shared<record_queue>(options, [this] { ++wakes; });
  }

  static void put(record_queue& queue, size_t batches) {
    for (size_t i = 0; i < batches; ++i) {
      auto batch = numbered(10 * i, 10 * i + 10);
      queue.put(batch);
      CAF_REQUIRE(batch.empty());
    }
  }

  static void check_sums(const record_queue& queue) {
    const auto books = queue.counters();
    uint64_t sum = books.written + books.waiting;
    for (const auto n : books.lost)
      sum += n;
    CAF_CHECK_EQUAL(books.taken, sum);
  }

  record_queue_options options;
  size_t wakes = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(record_queue_tests, fixture)

CAF_TEST(batches come out in order and are settled one by one) {
  auto queue = make();
  put(queue, 2);
  CAF_CHECK_EQUAL(wakes, 1u);
  record_batch out;
  CAF_REQUIRE(queue.take(out));
  CAF_CHECK_EQUAL(out.count(), 10u);
  CAF_CHECK_EQUAL(queue.counters().waiting, 20u);
  queue.written(10, 100);
  CAF_CHECK_EQUAL(queue.counters().waiting, 10u);
  CAF_CHECK_EQUAL(queue.counters().bytes, 100u);
  CAF_REQUIRE(queue.take(out));
  CAF_CHECK(!queue.take(out));
  queue.written(10, 100);
  CAF_CHECK_EQUAL(queue.counters().waiting, 0u);
  put(queue, 1);
  CAF_CHECK_EQUAL(wakes, 2u);
  check_sums(queue);
}

CAF_TEST(a live capture loses what finds no room under the reason of the moment) {
  auto queue = make();
  put(queue, 5);
  CAF_CHECK_EQUAL(queue.counters().waiting, 30u);
  CAF_CHECK_EQUAL(queue.counters().lost_by(record_loss::queue_full), 20u);
  queue.set_trouble(record_loss::write_error);
  put(queue, 1);
  CAF_CHECK_EQUAL(queue.counters().lost_by(record_loss::write_error), 10u);
  queue.refuse(record_loss::too_large, 1);
  CAF_CHECK_EQUAL(queue.counters().taken, 61u);
  check_sums(queue);
}

CAF_TEST(a batch that is larger than the queue fits into an empty one) {
  options.max_bytes = 1;
  auto queue = make();
  put(queue, 2);
  CAF_CHECK_EQUAL(queue.counters().waiting, 10u);
  CAF_CHECK_EQUAL(queue.counters().lost_by(record_loss::queue_full), 10u);
}

CAF_TEST(a replay waits and loses nothing) {
  options.patient = true;
  auto queue = make();
  std::thread producer([&] { put(queue, 100); });
  record_batch out;
  size_t next = 0;
  while (next < 1000) {
    if (!queue.take(out)) {
      std::this_thread::yield();
      continue;
    }
    out.each([&](const auto& record) {
      if constexpr (requires { record.body; })
        CAF_REQUIRE_EQUAL(record.body, "{\"n\":" + std::to_string(next++) + "}");
    });
    queue.written(out.count(), 1);
    CAF_REQUIRE_LESS_OR_EQUAL(queue.counters().waiting, 30u);
  }
  producer.join();
  CAF_CHECK_EQUAL(queue.counters().written, 1000u);
  check_sums(queue);
}

CAF_TEST(a replay waits for an output in trouble only so long) {
  options.patient = true;
  options.patience = std::chrono::milliseconds(1);
  auto queue = make();
  queue.set_trouble(record_loss::unreachable);
  put(queue, 5);
  CAF_CHECK_EQUAL(queue.counters().lost_by(record_loss::unreachable), 20u);
  check_sums(queue);
}

CAF_TEST(who waits stops waiting when it is to hurry) {
  options.patient = true;
  auto queue = make();
  std::thread producer([&] { put(queue, 5); });
  while (queue.counters().waiting != 30)
    std::this_thread::yield();
  queue.hurry();
  producer.join();
  CAF_CHECK_EQUAL(queue.counters().lost_by(record_loss::queue_full), 20u);
}

CAF_TEST(a closed queue loses what waits and what comes) {
  options.patient = true;
  auto queue = make();
  put(queue, 2);
  record_batch out;
  queue.take(out); // what was taken is lost, too
  queue.close(record_loss::reader_gone);
  put(queue, 5);
  CAF_CHECK_EQUAL(queue.counters().lost_by(record_loss::reader_gone), 70u);
  CAF_CHECK_EQUAL(queue.counters().waiting, 0u);
  check_sums(queue);
}

CAF_TEST(ports hand over what is under way when outputs change) {
  const auto old = make_one("o", true), kept = make_one("kept", true);
  record_ports aut({old, kept});
  const auto emit = [&] { aut.add(script_record{"inline", "a.lua", "{}", 0, 0, 0}); };
  emit();
  emit();
  CAF_CHECK_EQUAL(old->counters().taken, 0u);
  const auto next = make_one("o", true), flows = make_one("flows", false);
  aut.set({kept, next, flows});
  CAF_CHECK_EQUAL(old->counters().taken, 2u);
  CAF_CHECK_EQUAL(kept->counters().taken, 0u); // its batch goes on
  CAF_CHECK_EQUAL(aut.flows(), mask_of(event_kind::ended));
  emit();
  aut.flush();
  CAF_CHECK_EQUAL(old->counters().taken, 2u);
  CAF_CHECK_EQUAL(kept->counters().taken, 3u);
  CAF_CHECK_EQUAL(next->counters().taken, 1u);
  for (const auto& each : aut.account())
    CAF_CHECK_EQUAL(each.emitted,
                    each.output == "flows" ? 0u : 3u); // "o" is both that had the name
  aut.set({flows});
  CAF_CHECK(!aut.takes_emits());
  CAF_CHECK(!aut.add(script_record{"inline", "a.lua", "{}", 0, 0, 0}));
  aut.set({});
  CAF_CHECK_EQUAL(aut.flows(), 0);
}

CAF_TEST(a producer never sees that there is no output while one takes the place of another) {
  const std::vector<std::shared_ptr<record_queue>> one{make_one("o", true)},
    two{make_one("o", true), make_one("flows", false)};
  record_ports aut(one);
  std::atomic<bool> over = false;
  uint64_t seen = 0, untaken = 0;
  std::thread producer([&] {
    for (; !over || seen == 0; ++seen)
      untaken += aut.takes_emits() ? 0 : 1;
  });
  for (int i = 0; i < 20'000; ++i)
    aut.set(i % 2 == 0 ? two : one);
  over = true;
  producer.join();
  CAF_CHECK_EQUAL(untaken, 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
