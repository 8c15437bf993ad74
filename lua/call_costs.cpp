#include "lua/call_costs.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace flowactors {

void call_costs::add(int64_t ns) noexcept {
  ns = std::max<int64_t>(ns, 0);
  ++buckets_[bucket_of(static_cast<uint64_t>(ns))];
  ++sampled_;
  sum_ += static_cast<double>(ns);
  max_ = std::max(max_, ns);
}

double call_costs::quantile(double share) const noexcept {
  const auto wanted = static_cast<uint64_t>(static_cast<double>(sampled_) * share);
  uint64_t passed = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    passed += buckets_[i];
    if (passed > wanted || (passed == sampled_ && passed != 0))
      return std::min(upper_end(i), max());
  }
  return 0;
}

// Below 16 ns a bucket a nanosecond; above, the four bits after the leading one choose the step.
size_t call_costs::bucket_of(uint64_t ns) noexcept {
  if (ns < steps)
    return ns;
  const auto octave = static_cast<size_t>(std::bit_width(ns)) - 4;
  const size_t bucket = octave * steps + ((ns >> (octave - 1)) & (steps - 1));
  return std::min(bucket, steps * octaves - 1);
}

double call_costs::upper_end(size_t bucket) noexcept {
  if (bucket < steps)
    return static_cast<double>(bucket);
  const size_t octave = bucket / steps;
  return static_cast<double>(((steps + bucket % steps + 1) << (octave - 1)) - 1);
}

int64_t clock_cost_ns() noexcept {
  static const int64_t cost = [] {
    int64_t least = std::numeric_limits<int64_t>::max();
    for (int i = 0; i < 1000; ++i) {
      const int64_t start = clock_ns();
      least = std::min(least, clock_ns() - start);
    }
    return least;
  }();
  return cost;
}

} // namespace flowactors
