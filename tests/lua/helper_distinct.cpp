#define CAF_SUITE lua_helper_distinct
#include "lua/helpers/distinct.hpp"
#include "tests/lua/helper_fixture.hpp"
#include "tests/suite.hpp"

#include <cmath>
#include <memory>

using namespace flowactors;
using namespace flowactors::test;

namespace {

constexpr distinct::options minute{60 * second, 3, 12};

double add(distinct& aut, std::string_view key, double value, int64_t when) {
  const auto number = aut.add(text_scalar(key), number_scalar{value}, when * second);
  return number ? *number : NAN;
}

double count(distinct& aut, std::string_view key, int64_t when) {
  return aut.count(text_scalar(key), when * second);
}

} // namespace

CAF_TEST(small numbers are exact) {
  helper_memory memory;
  distinct aut{memory, minute};
  for (int i = 1; i <= 64; ++i) {
    CAF_REQUIRE_EQUAL(add(aut, "a", i, 5), i);
    CAF_REQUIRE_EQUAL(add(aut, "a", i, 5), i);
  }
  CAF_CHECK_EQUAL(count(aut, "a", 5), 64);
  CAF_CHECK_EQUAL(count(aut, "b", 5), 0);
  CAF_CHECK_LESS(memory.used, 3000u);
}

CAF_TEST(great numbers are within four standard errors) {
  for (const uint32_t precision : {8, 12, 14}) {
    helper_memory memory;
    distinct aut{memory, {0, 1, precision}};
    const double bound = 4 * 1.04 / std::sqrt(std::pow(2, precision));
    double worst = 0;
    for (int i = 1; i <= 200'000; ++i) {
      const double error = std::abs(add(aut, "a", i, 5) - i) / i;
      if (i > 64)
        worst = std::max(worst, error);
    }
    CAF_CHECK_LESS(worst, bound);
    CAF_CHECK_GREATER(worst, 0);
  }
}

CAF_TEST(estimates of many sets have no bias) {
  for (const int many : {100, 1000, 5000}) { // around what the registers are for, and above
    helper_memory memory;
    distinct aut{memory, {0, 1000, 8}};
    double sum = 0;
    for (int set = 0; set < 200; ++set) {
      const std::string key = std::to_string(set);
      for (int i = 0; i < many; ++i)
        add(aut, key, set * 1e6 + i, 5);
      sum += count(aut, key, 5);
    }
    const double mean = sum / 200;
    CAF_CHECK_LESS(std::abs(mean - many), 0.02 * many); // four errors of the mean
  }
}

CAF_TEST(an estimate is the same in every run) {
  // A seed of the process would show here.
  helper_memory memory;
  distinct aut{memory, {0, 1, 10}};
  double last = 0;
  for (int i = 0; i < 10'000; ++i)
    last = add(aut, "a", i, 5);
  distinct again{memory, {0, 1, 10}};
  for (int i = 9'999; i >= 0; --i)
    add(again, "b", i, 5);
  CAF_CHECK_EQUAL(count(again, "b", 5), last);
  CAF_CHECK_EQUAL(last, 9365);
}

CAF_TEST(a window reaches over this half and the one before) {
  for (const int many : {10, 1000}) {
    helper_memory memory;
    distinct aut{memory, minute};
    const auto near = [&](double found, double expected) {
      return many == 10 ? found == expected : std::abs(found - expected) < 0.05 * expected + 1;
    };
    for (int i = 0; i < many; ++i)
      add(aut, "a", i, 10);
    CAF_CHECK(near(count(aut, "a", 10), many));
    for (int i = 0; i < many; ++i)
      add(aut, "a", i + many / 2, 40);
    CAF_CHECK(near(count(aut, "a", 59), many * 1.5));
    CAF_CHECK(near(count(aut, "a", 60), many));
    CAF_CHECK(near(count(aut, "a", 89), many));
    CAF_CHECK_EQUAL(count(aut, "a", 90), 0);
    CAF_CHECK_EQUAL(add(aut, "a", 1, 200), 1);
    CAF_CHECK_EQUAL(aut.size(200 * second), 1u);
    CAF_CHECK_EQUAL(aut.size(300 * second), 0u);
  }
}

CAF_TEST(the key that was added least recently is evicted) {
  helper_memory memory;
  distinct aut{memory, minute};
  for (const char* key : {"a", "b", "c", "a"})
    add(aut, key, 1, 10);
  add(aut, "d", 1, 10);
  CAF_CHECK_EQUAL(aut.evicted(), 1u);
  CAF_CHECK_EQUAL(count(aut, "b", 10), 0);
  CAF_CHECK_EQUAL(count(aut, "a", 10), 1);
}

CAF_TEST(numbers are saved and restored) {
  helper_memory memory;
  distinct aut{memory, minute}, same{memory, minute};
  for (int i = 0; i < 20; ++i)
    add(aut, "few", i, i < 5 ? 10 : 40);
  for (int i = 0; i < 5000; ++i)
    add(aut, "many", i, i < 1000 ? 10 : 40);
  const std::string bytes = saved(aut);
  CAF_CHECK(restore(same, bytes) == restored::whole);
  CAF_CHECK_EQUAL(saved(same), bytes);
  for (const int64_t when : {50, 65, 95}) {
    CAF_CHECK_EQUAL(count(same, "few", when), count(aut, "few", when));
    CAF_CHECK_EQUAL(count(same, "many", when), count(aut, "many", when));
  }
  distinct finer{memory, {60 * second, 3, 14}}, longer{memory, {90 * second, 3, 12}};
  CAF_CHECK(restore(finer, bytes) == restored::other_options);
  CAF_CHECK(restore(longer, bytes) == restored::other_options);
}

CAF_TEST(damaged bytes are not taken for whole) {
  helper_memory memory;
  const distinct::options small{60 * second, 3, 4};
  distinct aut{memory, small};
  for (int i = 0; i < 100; ++i)
    add(aut, "a", i, 10);
  for (int i = 0; i < 3; ++i)
    add(aut, "b", i, 20 + 10 * i);
  const size_t wrong =
    cuts_taken_for_whole(saved(aut), [&] { return std::make_unique<distinct>(memory, small); });
  CAF_CHECK_EQUAL(wrong, 0u);
  CAF_CHECK_EQUAL(count(aut, "b", 40), 3);
}

CAF_TEST(without memory a key stays as it was) {
  helper_memory memory{4000};
  distinct aut{memory, minute};
  int kept = 0;
  while (!std::isnan(add(aut, "a", kept, 5)))
    ++kept;
  CAF_CHECK_EQUAL(kept, 64); // the registers need more
  CAF_CHECK_EQUAL(count(aut, "a", 5), 64);
}
