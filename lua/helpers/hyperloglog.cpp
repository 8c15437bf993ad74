#include "lua/helpers/hyperloglog.hpp"

#include <cmath>

namespace flowactors {

namespace {

// The two series of the paper, for registers that are still 0 and for those that are full.
double sigma(double x) noexcept {
  double power = 1, sum = x, before = 0;
  do {
    x *= x;
    before = sum;
    sum += x * power;
    power += power;
  } while (sum != before);
  return sum;
}

double tau(double x) noexcept {
  if (x == 0 || x == 1)
    return 0;
  double power = 1, sum = 1 - x, before = 0;
  do {
    x = std::sqrt(x);
    before = sum;
    power *= 0.5;
    sum -= (1 - x) * (1 - x) * power;
  } while (sum != before);
  return sum / 3;
}

} // namespace

double hyperloglog::estimate(const uint32_t (&histogram)[ranks]) const noexcept {
  const auto m = static_cast<double>(registers());
  if (histogram[0] == registers())
    return 0; // where sigma has no end
  const unsigned bits = 63 - precision;
  double z = m * tau(1 - histogram[bits + 1] / m);
  for (unsigned rank = bits; rank >= 1; --rank)
    z = (z + histogram[rank]) / 2;
  z += m * sigma(histogram[0] / m);
  return m * m / (2 * std::log(2.0) * z);
}

} // namespace flowactors
