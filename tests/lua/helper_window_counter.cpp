#define CAF_SUITE lua_helper_window_counter
#include "lua/helpers/window_counter.hpp"
#include "tests/lua/helper_fixture.hpp"
#include "tests/suite.hpp"

#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <vector>

using namespace flowactors;
using namespace flowactors::test;

namespace {

// One minute in buckets of five seconds.
constexpr window_counter::options minute{60 * second, 12, 3};

double add(window_counter& aut, std::string_view key, double n, int64_t when) {
  const auto sum = aut.add(text_scalar(key), n, when * second);
  return sum ? *sum : NAN;
}

double count(const window_counter& aut, std::string_view key, int64_t when) {
  return aut.count(text_scalar(key), when * second);
}

} // namespace

CAF_TEST(what is older than the window does not count) {
  helper_memory memory;
  window_counter aut{memory, minute};
  CAF_CHECK_EQUAL(add(aut, "a", 1, 0), 1);
  CAF_CHECK_EQUAL(add(aut, "a", 2, 30), 3);
  CAF_CHECK_EQUAL(add(aut, "a", 4, 59), 7);
  CAF_CHECK_EQUAL(count(aut, "a", 59), 7);
  CAF_CHECK_EQUAL(count(aut, "a", 60), 6);
  CAF_CHECK_EQUAL(count(aut, "a", 89), 6);
  CAF_CHECK_EQUAL(count(aut, "a", 90), 4);
  CAF_CHECK_EQUAL(count(aut, "a", 114), 4);
  CAF_CHECK_EQUAL(count(aut, "a", 115), 0);
  CAF_CHECK_EQUAL(add(aut, "a", 8, 90), 12);
  CAF_CHECK_EQUAL(add(aut, "a", 1, 1000), 1);
  CAF_CHECK_EQUAL(count(aut, "b", 1000), 0);
}

CAF_TEST(what comes late goes where it belongs) {
  helper_memory memory;
  window_counter aut{memory, minute};
  add(aut, "a", 1, 100);
  CAF_CHECK_EQUAL(add(aut, "a", 1, 80), 2);
  CAF_CHECK_EQUAL(add(aut, "a", 1, 44), 2); // before the window
  CAF_CHECK_EQUAL(count(aut, "a", 10), 2);  // time does not go back
  CAF_CHECK_EQUAL(count(aut, "a", 139), 2);
  CAF_CHECK_EQUAL(count(aut, "a", 140), 1);
  CAF_CHECK_EQUAL(add(aut, "c", 1, -7), 1); // before 1970
  CAF_CHECK_EQUAL(count(aut, "c", 49), 1);
  CAF_CHECK_EQUAL(count(aut, "c", 50), 0);
}

CAF_TEST(the key that was added least recently is evicted) {
  helper_memory memory;
  window_counter aut{memory, minute};
  for (const char* key : {"a", "b", "c", "a"})
    add(aut, key, 1, 10);
  CAF_CHECK_EQUAL(aut.evicted(), 0u);
  add(aut, "d", 1, 11);
  CAF_CHECK_EQUAL(aut.evicted(), 1u);
  CAF_CHECK_EQUAL(count(aut, "b", 11), 0);
  CAF_CHECK_EQUAL(count(aut, "a", 11), 2);
  // Those whose time is over make room and are not counted.
  add(aut, "e", 1, 200);
  CAF_CHECK_EQUAL(aut.evicted(), 1u);
  CAF_CHECK_EQUAL(aut.size(200 * second), 1u);
}

CAF_TEST(random adds count as in a list of them) {
  std::mt19937 random{7};
  helper_memory memory;
  window_counter aut{memory, {10 * second, 10, 1000}};
  struct event {
    int64_t bucket;
    double n;
  };
  std::map<std::string, std::vector<event>> all;
  int64_t now = 1'700'000'000;
  for (int step = 0; step < 20'000; ++step) {
    now += random() % 50 == 0 ? random() % 30 : random() % 3 == 0;
    const std::string key = std::to_string(random() % 20);
    const double n = random() % 10;
    auto& events = all[key];
    events.push_back({now, n});
    double expected = 0;
    for (const event& e : events)
      if (e.bucket > now - 10)
        expected += e.n;
    CAF_REQUIRE_EQUAL(add(aut, key, n, now), expected);
  }
}

CAF_TEST(counts are saved and restored) {
  helper_memory memory;
  window_counter aut{memory, minute}, same{memory, minute}, small{memory, {60 * second, 12, 2}};
  add(aut, "a", 1, 100);
  add(aut, "b", 2.5, 120);
  add(aut, "a", 4, 130);
  add(aut, std::string(100, 'z'), 8, 130);
  const std::string bytes = saved(aut);
  CAF_CHECK(restore(same, bytes) == restored::whole);
  CAF_CHECK_EQUAL(count(same, "a", 130), 5);
  CAF_CHECK_EQUAL(count(same, "a", 160), 4);
  CAF_CHECK_EQUAL(count(same, "b", 130), 2.5);
  CAF_CHECK_EQUAL(count(same, std::string(100, 'z'), 130), 8);
  CAF_CHECK_EQUAL(saved(same), bytes);
  CAF_CHECK(restore(small, bytes) == restored::whole);
  CAF_CHECK_EQUAL(small.evicted(), 1u);
  CAF_CHECK_EQUAL(count(small, "b", 130), 0);
  window_counter other{memory, {120 * second, 60, 3}};
  CAF_CHECK(restore(other, bytes) == restored::whole);
  CAF_CHECK_EQUAL(count(other, "a", 200), 5);
  CAF_CHECK_EQUAL(count(other, "a", 230), 4);
}

CAF_TEST(damaged bytes are not taken for whole) {
  helper_memory memory;
  window_counter aut{memory, {60 * second, 2, 3}};
  add(aut, "a", 1, 100);
  add(aut, "b", 2, 120);
  const size_t wrong = cuts_taken_for_whole(saved(aut), [&] {
    return std::make_unique<window_counter>(memory, window_counter::options{60 * second, 2, 3});
  });
  CAF_CHECK_EQUAL(wrong, 0u);
}

CAF_TEST(without memory nothing is added and nothing is lost) {
  helper_memory memory{10'000};
  window_counter aut{memory, {60 * second, 12, 100'000}};
  int kept = 0;
  while (!std::isnan(add(aut, std::to_string(kept), 1, 5)))
    ++kept;
  CAF_CHECK_GREATER(kept, 10);
  for (int i = 0; i < kept; ++i)
    CAF_REQUIRE_EQUAL(count(aut, std::to_string(i), 5), 1);
  CAF_CHECK_EQUAL(count(aut, std::to_string(kept), 5), 0);
}
