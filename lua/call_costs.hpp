#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace flowactors {

/// Durations of calls, in a histogram with 16 steps to each power of two (at most 6 % off), from 1
/// ns to 17 minutes. Calls are sampled: a clock costs more than an empty callback.
class call_costs {
public:
  /// Whether the call of that number, from 0, is timed: the first, then one in 64, later one in
  /// 512. Two looks at the clock then cost an empty callback less than 1 %.
  static constexpr bool times_call(uint64_t number) noexcept {
    return (number & (number < 1024 ? 63 : 511)) == 0;
  }

  /// The same for a batch: the first ones, later one in 32.
  static constexpr bool times_batch(uint64_t number) noexcept {
    return number < 16 || (number & 31) == 0;
  }

  /// Takes a duration, clock reading not included.
  void add(int64_t ns) noexcept;

  uint64_t sampled() const noexcept { return sampled_; }
  double mean() const noexcept { return sampled_ == 0 ? 0 : sum_ / static_cast<double>(sampled_); }
  double max() const noexcept { return static_cast<double>(max_); }

  /// The duration that `share` (0.99, say) of the calls did not exceed.
  double quantile(double share) const noexcept;

private:
  static constexpr size_t steps = 16;
  static constexpr size_t octaves = 40;

  static size_t bucket_of(uint64_t ns) noexcept;
  static double upper_end(size_t bucket) noexcept;

  std::array<uint32_t, steps * octaves> buckets_{};
  uint64_t sampled_ = 0;
  double sum_ = 0;
  int64_t max_ = 0;
};

/// Nanoseconds of a clock that only goes forward.
inline int64_t clock_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
           std::chrono::steady_clock::now().time_since_epoch())
    .count();
}

/// What reading the clock adds to a measured duration, found once.
int64_t clock_cost_ns() noexcept;

} // namespace flowactors
