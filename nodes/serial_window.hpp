#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace flowactors {

/// Which numbers have come, of those that rise but may come late: the newest, and whether each of
/// the 4096 before it has.
class serial_window {
public:
  /// False if it has come before, or is so old that this is not known.
  bool take(uint64_t serial) noexcept {
    if (serial >= next_) {
      const uint64_t ahead = serial - next_ + 1;
      seen_ = ahead < size ? seen_ << ahead : std::bitset<size>();
      next_ = serial + 1;
      seen_.set(0);
      return true;
    }
    const uint64_t back = next_ - 1 - serial;
    if (back >= size || seen_.test(back))
      return false;
    seen_.set(back);
    return true;
  }

private:
  static constexpr size_t size = 4096;
  uint64_t next_ = 0;
  std::bitset<size> seen_; ///< bit n: next_ - 1 - n
};

} // namespace flowactors
