#pragma once

#include "lua/helpers/scalar.hpp"
#include "lua/helpers/sip_hash.hpp"

#include <algorithm>
#include <limits>

namespace flowactors {

/// A hash table of scalars to plain values that keeps an order: entries are in a list, a new one at
/// its end, and can be moved to the end. Look-up is open addressing with a secret hash (nobody can
/// make keys collide); what can be seen follows the list alone, so it is the same in each run.
/// Entries have numbers from 0 below `room()`, which stay until they are erased.
template <class T>
class keyed_table {
public:
  static constexpr uint32_t none = std::numeric_limits<uint32_t>::max();

  /// `most` entries at most, at least 1.
  keyed_table(helper_memory& memory, uint32_t most) noexcept
    : memory_(memory), most_(most), entries_(memory), slots_(memory) {}
  ~keyed_table() { drop_keys(); }

  uint64_t hash(scalar key) const noexcept {
    return sip_hash<>::of(key.bytes.data(), key.bytes.size(),
                          memory_.secret[0] ^ static_cast<uint64_t>(key.kind), memory_.secret[1]);
  }

  uint32_t find(scalar key, uint64_t hashed) const noexcept;

  /// A new entry at the end of the list, its value as made. The key must not be there yet. none =
  /// no memory, or `full()`.
  uint32_t insert(scalar key, uint64_t hashed) noexcept;

  void erase(uint32_t entry) noexcept;

  /// Moves an entry to the end of the list.
  void touch(uint32_t entry) noexcept {
    if (entry != newest_) {
      unlink(entry);
      link(entry);
    }
  }

  void clear() noexcept;

  uint32_t size() const noexcept { return size_; }
  bool full() const noexcept { return size_ == most_; }
  /// Entries that there is room for now; grows with `insert`.
  uint32_t room() const noexcept { return static_cast<uint32_t>(entries_.size()); }
  uint32_t oldest() const noexcept { return oldest_; }
  uint32_t after(uint32_t entry) const noexcept { return entries_[entry].next; }
  scalar key(uint32_t entry) const noexcept { return entries_[entry].key.get(); }
  T& operator[](uint32_t entry) noexcept { return entries_[entry].value; }
  const T& operator[](uint32_t entry) const noexcept { return entries_[entry].value; }
  helper_memory& memory() const noexcept { return memory_; }

private:
  struct record {
    kept_scalar key;
    uint32_t slot_hash = 0;
    uint32_t previous = none;
    uint32_t next = none;
    T value{};
  };

  // The upper half is the hash, the lower half the entry's number + 1; 0 = free.
  using slot = uint64_t;
  static uint32_t hash_in(slot s) noexcept { return static_cast<uint32_t>(s >> 32); }
  static uint32_t entry_in(slot s) noexcept { return static_cast<uint32_t>(s) - 1; }
  uint32_t mask() const noexcept { return static_cast<uint32_t>(slots_.size() - 1); }

  bool make_room() noexcept;
  void place(slot s) noexcept;
  void link(uint32_t e) noexcept;
  void unlink(uint32_t e) noexcept;
  void drop_keys() noexcept;

  helper_memory& memory_;
  uint32_t most_;
  uint32_t size_ = 0;
  uint32_t oldest_ = none, newest_ = none;
  uint32_t unused_ = none; ///< erased entries, by `next`
  uint32_t taken_ = 0;     ///< entries that were ever in use
  block<record> entries_;
  block<slot> slots_;
};

template <class T>
uint32_t keyed_table<T>::find(scalar key, uint64_t hashed) const noexcept {
  if (size_ == 0)
    return none;
  const auto wanted = static_cast<uint32_t>(hashed);
  for (uint32_t at = wanted & mask(); slots_[at] != 0; at = (at + 1) & mask())
    if (hash_in(slots_[at]) == wanted && entries_[entry_in(slots_[at])].key.get() == key)
      return entry_in(slots_[at]);
  return none;
}

template <class T>
uint32_t keyed_table<T>::insert(scalar key, uint64_t hashed) noexcept {
  if (full() || !make_room())
    return none;
  const uint32_t e = unused_ != none ? unused_ : taken_;
  record& made = entries_[e];
  const uint32_t following = made.next;
  if (!made.key.keep(key, memory_))
    return none;
  if (e == unused_)
    unused_ = following;
  else
    ++taken_;
  made.value = T{};
  made.slot_hash = static_cast<uint32_t>(hashed);
  place(static_cast<slot>(made.slot_hash) << 32 | (e + 1));
  link(e);
  ++size_;
  return e;
}

template <class T>
void keyed_table<T>::erase(uint32_t e) noexcept {
  uint32_t hole = entries_[e].slot_hash & mask();
  while (slots_[hole] == 0 || entry_in(slots_[hole]) != e)
    hole = (hole + 1) & mask();
  // What would not be found any more behind the hole moves into it.
  for (uint32_t at = (hole + 1) & mask(); slots_[at] != 0; at = (at + 1) & mask()) {
    const uint32_t home = hash_in(slots_[at]) & mask();
    if (((at - home) & mask()) >= ((at - hole) & mask())) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = 0;
  unlink(e);
  entries_[e].key.drop(memory_);
  entries_[e].next = unused_;
  unused_ = e;
  --size_;
}

template <class T>
void keyed_table<T>::clear() noexcept {
  drop_keys();
  entries_.clear();
  slots_.clear();
  size_ = taken_ = 0;
  oldest_ = newest_ = unused_ = none;
}

template <class T>
bool keyed_table<T>::make_room() noexcept {
  if (unused_ == none && taken_ == room()
      && !entries_.grow(std::min<size_t>(most_, std::max<size_t>(8, size_t{room()} * 2))))
    return false;
  if ((size_t{size_} + 1) * 4 <= slots_.size() * 3)
    return true;
  block<slot> larger{memory_};
  if (!larger.grow(std::max<size_t>(16, slots_.size() * 2)))
    return false;
  slots_.swap(larger);
  for (size_t i = 0; i < larger.size(); ++i)
    if (larger[i] != 0)
      place(larger[i]);
  return true;
}

template <class T>
void keyed_table<T>::place(slot s) noexcept {
  uint32_t at = hash_in(s) & mask();
  while (slots_[at] != 0)
    at = (at + 1) & mask();
  slots_[at] = s;
}

template <class T>
void keyed_table<T>::link(uint32_t e) noexcept {
  entries_[e].previous = newest_;
  entries_[e].next = none;
  (newest_ != none ? entries_[newest_].next : oldest_) = e;
  newest_ = e;
}

template <class T>
void keyed_table<T>::unlink(uint32_t e) noexcept {
  const uint32_t before = entries_[e].previous, behind = entries_[e].next;
  (before != none ? entries_[before].next : oldest_) = behind;
  (behind != none ? entries_[behind].previous : newest_) = before;
}

template <class T>
void keyed_table<T>::drop_keys() noexcept {
  for (uint32_t e = oldest_; e != none; e = entries_[e].next)
    entries_[e].key.drop(memory_);
}

} // namespace flowactors
