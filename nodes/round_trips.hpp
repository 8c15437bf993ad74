#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace flowactors {

/// How long batches took from being sent until they were said to be done: counts in classes that
/// are an eighth of an octave wide at most, from 1 us to 16 s. A value: may be added and compared.
class round_trips {
public:
  void add(std::chrono::nanoseconds took) noexcept {
    ++counts_[class_of(static_cast<uint64_t>(took.count() > 0 ? took.count() / 1000 : 0))];
  }

  void add(const round_trips& more) noexcept {
    for (size_t i = 0; i < counts_.size(); ++i)
      counts_[i] += more.counts_[i];
  }

  uint64_t total() const noexcept {
    uint64_t out = 0;
    for (const auto count : counts_)
      out += count;
    return out;
  }

  /// In microseconds, the end of the class in which this share of all lies; 0 = there are none.
  uint64_t quantile(double share) const noexcept {
    const auto wanted = static_cast<uint64_t>(share * static_cast<double>(total()));
    uint64_t before = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      before += counts_[i];
      if (counts_[i] != 0 && before > wanted)
        return end_of(i);
    }
    return 0;
  }

  bool operator==(const round_trips&) const = default;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, round_trips& x) {
    return f(x.counts_);
  }

private:
  static constexpr size_t octaves = 24;
  static constexpr size_t steps = 8;

  static size_t class_of(uint64_t us) noexcept {
    if (us < steps)
      return us;
    const auto octave = static_cast<size_t>(std::bit_width(us) - 1); // at least 3
    const size_t at = (octave - 2) * steps + ((us >> (octave - 3)) & (steps - 1));
    return at < octaves * steps ? at : octaves * steps - 1;
  }

  static uint64_t end_of(size_t at) noexcept {
    if (at < steps)
      return at + 1;
    const size_t octave = at / steps + 2;
    return (uint64_t{steps + at % steps} + 1) << (octave - 3);
  }

  std::array<uint64_t, octaves * steps> counts_{};
};

} // namespace flowactors
