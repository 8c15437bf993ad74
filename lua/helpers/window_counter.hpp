#pragma once

#include "lua/helpers/keyed_table.hpp"
#include "lua/helpers/saved_bytes.hpp"

#include <optional>

namespace flowactors {

/// Sums per key over a sliding window of time. The window is a ring of buckets, `window / buckets`
/// wide each: a sum has everything of the last `buckets - 1` whole buckets and of the one that is
/// not over yet, so it reaches back between `window - window / buckets` and `window`. Each key's
/// ring goes on by its own adds; constant work for each but for the buckets that have gone by.
class window_counter {
public:
  struct options {
    int64_t window_ns = 60'000'000'000; ///< at least 1 ms
    uint32_t buckets = 12;              ///< 1 to 3600
    uint32_t max_keys = 65536;          ///< the least recently added is evicted
  };

  window_counter(helper_memory& memory, const options& from) noexcept;

  /// Adds `n` to the bucket of `when_ns`; gives the sum in the window that ends there, or nothing
  /// when there is no memory. What is older than the key's window is left out.
  std::optional<double> add(scalar key, double n, int64_t when_ns) noexcept;

  /// The sum in the window that ends at `when_ns`, or at the key's last add if that is later.
  double count(scalar key, int64_t when_ns) const noexcept;

  /// Keys that have something in the window that ends at `when_ns`. Forgets the others.
  uint32_t size(int64_t when_ns) noexcept;

  void clear() noexcept;

  /// Keys that were forgotten while they had something in their window, for want of room.
  uint64_t evicted() const noexcept { return evicted_; }

  static constexpr char letter = 'w';
  void save(byte_writer& out) const noexcept;
  /// Adds what was saved. With other options the buckets go where they begin.
  restored restore(byte_reader& in) noexcept;

private:
  struct ring {
    int64_t newest = 0; ///< number of the newest bucket
    double sum = 0;
  };

  int64_t bucket_of(int64_t when_ns) const noexcept;
  size_t place_of(uint32_t entry, int64_t bucket) const noexcept;
  bool over(uint32_t entry, int64_t bucket) const noexcept;
  uint32_t make(scalar key, uint64_t hash, int64_t bucket) noexcept;
  void go_on(uint32_t entry, int64_t bucket) noexcept;

  int64_t width_ns_;
  uint32_t buckets_;
  keyed_table<ring> rings_;
  block<double> sums_; ///< `buckets_` for each entry
  uint64_t evicted_ = 0;
};

} // namespace flowactors
