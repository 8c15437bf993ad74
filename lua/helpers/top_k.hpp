#pragma once

#include "lua/helpers/keyed_table.hpp"
#include "lua/helpers/saved_bytes.hpp"

namespace flowactors {

/// The greatest sums among any number of keys, in room for `k` (space-saving: Metwally, Agrawal and
/// El Abbadi, "Efficient computation of frequent and top-k elements in data streams", 2005). A key
/// that comes when the room is full takes the place and the sum of the smallest; so a sum is never
/// too small, and too great by at most its `error`, which is at most the total divided by k. Every
/// key with more than that is there.
class top_k {
public:
  struct item {
    double count = 0;
    double error = 0;
    uint64_t stamp = 0; ///< which of equal sums came first
    uint32_t place = 0; ///< in the heap
  };

  top_k(helper_memory& memory, uint32_t k) noexcept;

  /// Adds `n` (0 or more); false = no memory.
  bool add(scalar key, double n) noexcept;

  /// Puts the entries in order, the greatest first; of equal ones the one that came first. Null =
  /// no memory. Valid until the next add.
  const uint32_t* sorted() noexcept;
  uint32_t size() const noexcept { return items_.size(); }
  scalar key(uint32_t entry) const noexcept { return items_.key(entry); }
  const item& at(uint32_t entry) const noexcept { return items_[entry]; }

  /// Of everything that was added.
  double total() const noexcept { return total_; }

  void clear() noexcept;

  static constexpr char letter = 't';
  void save(byte_writer& out) const noexcept;
  /// Into an empty one. With a smaller k the greatest are kept.
  restored restore(byte_reader& in) noexcept;

private:
  bool less(uint32_t a, uint32_t b) const noexcept;
  void put(uint32_t place, uint32_t entry) noexcept;
  void rise(uint32_t place) noexcept;
  void sink(uint32_t place) noexcept;

  keyed_table<item> items_;
  block<uint32_t> heap_; ///< entries, the smallest first
  block<uint32_t> order_;
  double total_ = 0;
  uint64_t stamps_ = 0;
};

} // namespace flowactors
