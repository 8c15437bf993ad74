#pragma once

#include "lua/helpers/expiring_table.hpp"
#include "lua/helpers/saved_bytes.hpp"

#include <optional>

namespace flowactors {

/// Keys that are over a while after they were added.
class expiring_set {
public:
  struct options {
    int64_t ttl_ns = 300'000'000'000; ///< 0 = for ever
    uint32_t max = 65536;             ///< the key that was added longest ago is evicted
    bool refresh = true;              ///< whether adding a key that is there lets it live on
  };

  expiring_set(helper_memory& memory, const options& from) noexcept
    : keys_(memory, from.ttl_ns, from.max), refresh_(from.refresh) {}

  /// True if the key was not there, or over; nothing when there is no memory.
  std::optional<bool> add(scalar key, int64_t now_ns) noexcept;
  bool has(scalar key, int64_t now_ns) const noexcept {
    return keys_.find(key, now_ns) != keys_.none;
  }

  /// True if it was there.
  bool remove(scalar key, int64_t now_ns) noexcept;
  uint32_t size(int64_t now_ns) noexcept { return keys_.size(now_ns, drop); }
  void clear() noexcept { keys_.clear(drop); }
  uint64_t evicted() const noexcept { return keys_.evicted(); }

  static constexpr char letter = 's';
  void save(byte_writer& out) const noexcept;
  restored restore(byte_reader& in) noexcept;

private:
  struct nothing {};
  static void drop(nothing&) noexcept {}

  expiring_table<nothing> keys_;
  bool refresh_;
};

} // namespace flowactors
