#define CAF_SUITE outputs_figures
#include "outputs/figures.hpp"

#include "tests/suite.hpp"

using namespace flowactors;

CAF_TEST(counts are grouped by thousands) {
  CAF_CHECK_EQUAL(grouped(0), "0");
  CAF_CHECK_EQUAL(grouped(999), "999");
  CAF_CHECK_EQUAL(grouped(1000), "1,000");
  CAF_CHECK_EQUAL(grouped(1234567), "1,234,567");
}

CAF_TEST(bytes have the unit that keeps them short) {
  CAF_CHECK_EQUAL(bytes(999), "999 B");
  CAF_CHECK_EQUAL(bytes(1000), "1.0 kB");
  CAF_CHECK_EQUAL(bytes(999'949), "1.0 MB");
  CAF_CHECK_EQUAL(bytes(12'300'000), "12 MB");
  CAF_CHECK_EQUAL(bytes(UINT64_MAX), "18 EB");
}

CAF_TEST(shares of nothing are nothing) {
  CAF_CHECK_EQUAL(percent(0, 0), "0 %");
  CAF_CHECK_EQUAL(percent(1, 3), "33.3 %");
}

CAF_TEST(times are told as people do) {
  CAF_CHECK_EQUAL(seconds(0.0004), "0 ms");
  CAF_CHECK_EQUAL(seconds(0.85), "850 ms");
  CAF_CHECK_EQUAL(seconds(3.24), "3.2 s");
  CAF_CHECK_EQUAL(seconds(252), "4 min 12 s");
  CAF_CHECK_EQUAL(seconds(7500), "2 h 5 min");
  CAF_CHECK_EQUAL(nanoseconds(85), "85 ns");
  CAF_CHECK_EQUAL(nanoseconds(1234), "1.2 us");
  CAF_CHECK_EQUAL(nanoseconds(3.4e6), "3.4 ms");
}
