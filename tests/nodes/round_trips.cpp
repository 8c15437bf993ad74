#define CAF_SUITE nodes_round_trips
#include "nodes/round_trips.hpp"

#include "tests/suite.hpp"

#include <algorithm>
#include <random>
#include <vector>

using namespace flowactors;
using std::chrono::microseconds;

CAF_TEST(nothing has no quantiles) {
  const round_trips none;
  CAF_CHECK_EQUAL(none.total(), 0u);
  CAF_CHECK_EQUAL(none.quantile(0.99), 0u);
}

CAF_TEST(a quantile is at most an eighth above the true one) {
  std::minstd_rand random(7);
  std::vector<uint64_t> all;
  round_trips some;
  for (int i = 0; i < 10000; ++i) {
    const uint64_t us = uint64_t{1} << random() % 24;
    all.push_back(us + random() % us);
    some.add(microseconds(all.back()));
  }
  std::ranges::sort(all);
  for (const double share : {0.0, 0.1, 0.5, 0.9, 0.99}) {
    const auto exact = all[static_cast<size_t>(share * static_cast<double>(all.size()))];
    const auto told = some.quantile(share);
    CAF_CHECK_GREATER(told, exact);
    CAF_CHECK_LESS_OR_EQUAL(told, exact + std::max<uint64_t>(1, exact / 8) + 1);
  }
  CAF_CHECK_EQUAL(some.total(), all.size());
}

CAF_TEST(what is beyond all classes is in the last one) {
  round_trips some;
  some.add(std::chrono::hours(1));
  some.add(-microseconds(1));
  CAF_CHECK_EQUAL(some.total(), 2u);
  CAF_CHECK_GREATER(some.quantile(0.9), 10'000'000u);
}

CAF_TEST(sums are as if all had come together) {
  round_trips one, other, both;
  for (int i = 0; i < 100; ++i) {
    (i % 2 == 0 ? one : other).add(microseconds(i * i));
    both.add(microseconds(i * i));
  }
  one.add(other);
  CAF_CHECK(one == both);
}
