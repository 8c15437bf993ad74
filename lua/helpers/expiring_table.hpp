#pragma once

#include "lua/helpers/keyed_table.hpp"

namespace flowactors {

/// Keys with values that are over a while after they were put. Of time and room the first that runs
/// out decides: when the table is full, the key that was put longest ago goes. Constant work for
/// each call; what is over is found by looking at the oldest.
template <class T>
class expiring_table {
public:
  /// `ttl_ns`: how long a key lives; 0 = for ever.
  expiring_table(helper_memory& memory, int64_t ttl_ns, uint32_t most) noexcept
    : ttl_ns_(ttl_ns), keys_(memory, most) {}

  static constexpr uint32_t none = keyed_table<T>::none;

  /// The entry of a key that is not over at `now_ns`, or none.
  uint32_t find(scalar key, int64_t now_ns) const noexcept {
    const uint32_t entry = keys_.find(key, keys_.hash(key));
    return entry != none && !over(entry, now_ns) ? entry : none;
  }

  struct put_result {
    uint32_t entry; ///< none = no memory
    bool is_new;    ///< it was not there, or over
  };

  /// Puts a key. One that is there and not over lives on from now if `refresh`, else as it was. The
  /// value of a new one is as made.
  template <class Drop>
  put_result put(scalar key, int64_t now_ns, bool refresh, Drop&& drop) noexcept;

  template <class Drop>
  void erase(uint32_t entry, Drop&& drop) noexcept {
    drop(keys_[entry].value);
    keys_.erase(entry);
  }

  /// Keys that are not over. Forgets the others.
  template <class Drop>
  uint32_t size(int64_t now_ns, Drop&& drop) noexcept;

  template <class Drop>
  void clear(Drop&& drop) noexcept {
    for (uint32_t entry = oldest(); entry != none; entry = after(entry))
      drop(keys_[entry].value);
    keys_.clear();
  }

  uint32_t oldest() const noexcept { return keys_.oldest(); }
  uint32_t after(uint32_t entry) const noexcept { return keys_.after(entry); }
  uint32_t held() const noexcept { return keys_.size(); } ///< with those that are over
  scalar key(uint32_t entry) const noexcept { return keys_.key(entry); }
  T& operator[](uint32_t entry) noexcept { return keys_[entry].value; }
  const T& operator[](uint32_t entry) const noexcept { return keys_[entry].value; }
  int64_t put_at(uint32_t entry) const noexcept { return keys_[entry].put_ns; }
  uint64_t evicted() const noexcept { return evicted_; }
  helper_memory& memory() const noexcept { return keys_.memory(); }

private:
  struct timed {
    int64_t put_ns = 0;
    T value{};
  };

  bool over(uint32_t entry, int64_t now_ns) const noexcept {
    int64_t age = 0;
    return ttl_ns_ != 0 && !__builtin_sub_overflow(now_ns, keys_[entry].put_ns, &age)
           && age >= ttl_ns_;
  }

  int64_t ttl_ns_;
  keyed_table<timed> keys_;
  uint64_t evicted_ = 0;
};

template <class T>
template <class Drop>
auto expiring_table<T>::put(scalar key, int64_t now_ns, bool refresh, Drop&& drop) noexcept
  -> put_result {
  const uint64_t hash = keys_.hash(key);
  uint32_t entry = keys_.find(key, hash);
  if (entry != none && !over(entry, now_ns)) {
    if (refresh) {
      keys_[entry].put_ns = now_ns;
      keys_.touch(entry);
    }
    return {entry, false};
  }
  if (entry != none)
    erase(entry, drop);
  // Two go for each that comes, so that those that are over never pile up.
  for (int i = 0; i < 2 && held() != 0 && over(oldest(), now_ns); ++i)
    erase(oldest(), drop);
  if (keys_.full()) {
    erase(oldest(), drop);
    ++evicted_;
  }
  entry = keys_.insert(key, hash);
  if (entry != none)
    keys_[entry].put_ns = now_ns;
  return {entry, true};
}

template <class T>
template <class Drop>
uint32_t expiring_table<T>::size(int64_t now_ns, Drop&& drop) noexcept {
  for (uint32_t entry = oldest(); entry != none;) {
    const uint32_t following = after(entry);
    if (over(entry, now_ns))
      erase(entry, drop);
    entry = following;
  }
  return held();
}

} // namespace flowactors
