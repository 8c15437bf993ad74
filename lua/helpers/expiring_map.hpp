#pragma once

#include "lua/helpers/expiring_table.hpp"
#include "lua/helpers/saved_bytes.hpp"

namespace flowactors {

/// Keys with a text, a number or a boolean each, over a while after they were set.
class expiring_map {
public:
  struct options {
    int64_t ttl_ns = 300'000'000'000; ///< 0 = for ever
    uint32_t max = 65536;             ///< the key that was set longest ago is evicted
  };

  expiring_map(helper_memory& memory, const options& from) noexcept
    : keys_(memory, from.ttl_ns, from.max) {}
  ~expiring_map() { clear(); }

  /// Sets a value of at most kept_scalar::longest bytes; false = no memory, and the key is not
  /// there.
  bool set(scalar key, scalar value, int64_t now_ns) noexcept;

  /// The value, valid until the next change, or none.
  scalar get(scalar key, int64_t now_ns) const noexcept;

  /// True if it was there.
  bool remove(scalar key, int64_t now_ns) noexcept;
  uint32_t size(int64_t now_ns) noexcept { return keys_.size(now_ns, dropper()); }
  void clear() noexcept { keys_.clear(dropper()); }
  uint64_t evicted() const noexcept { return keys_.evicted(); }

  static constexpr char letter = 'm';
  void save(byte_writer& out) const noexcept;
  restored restore(byte_reader& in) noexcept;

private:
  struct dropping {
    helper_memory& memory;
    void operator()(kept_scalar& value) const noexcept { value.drop(memory); }
  };
  dropping dropper() const noexcept { return {keys_.memory()}; }

  expiring_table<kept_scalar> keys_;
};

} // namespace flowactors
