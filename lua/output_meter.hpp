#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace flowactors {

/// Bounds how many bytes scripts write in a second of the clock; the rest is dropped and counted.
class output_meter {
public:
  /// 0 = no bound.
  void set_most(uint64_t bytes_per_second) noexcept { most_ = bytes_per_second; }

  /// How many of `size` bytes may go out at `now_ns`.
  size_t take(size_t size, int64_t now_ns) noexcept {
    if (most_ == 0)
      return size;
    look(now_ns);
    const auto room = static_cast<size_t>(std::min<uint64_t>(size, most_ - taken_));
    taken_ += room;
    dropped_ += size - room;
    second_ |= room < size ? 1 : 0;
    return room;
  }

  /// Whether `size` bytes that belong together may go out at `now_ns`; if not, all are dropped.
  bool take_whole(size_t size, int64_t now_ns) noexcept {
    const size_t room = take(size, now_ns);
    if (room == size)
      return true;
    dropped_ += room;
    return false;
  }

  uint64_t dropped() const noexcept { return dropped_; }

  /// Twice the number of seconds that began; and one more if something of this second was dropped.
  /// Lua reads it in place: what it has counted under another number belongs to another second.
  const int32_t& second() const noexcept { return second_; }
  bool crowded() const noexcept { return (second_ & 1) != 0; }

  /// Begins another second if it is time.
  void look(int64_t now_ns) noexcept {
    if (now_ns - since_ns_ < 1'000'000'000)
      return;
    since_ns_ = now_ns;
    taken_ = 0;
    second_ = ((second_ | 1) + 1) & INT32_MAX;
  }

  /// True once, after the first byte was dropped.
  bool tells() noexcept {
    if (dropped_ == 0 || told_)
      return false;
    told_ = true;
    return true;
  }

private:
  uint64_t most_ = 0;
  uint64_t taken_ = 0; // since `since_ns_`
  uint64_t dropped_ = 0;
  int64_t since_ns_ = INT64_MIN / 2;
  bool told_ = false;
  int32_t second_ = 0;
};

} // namespace flowactors
