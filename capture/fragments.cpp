#include "capture/fragments.hpp"

#include <bit>
#include <chrono>
#include <cstring>

namespace flowactors {

namespace {

constexpr uint32_t no_entry = UINT32_MAX;

uint64_t mix(uint64_t state, uint64_t word) noexcept {
  state = (state ^ word) * 0x9e3779b97f4a7c15;
  return state ^ (state >> 29);
}

uint64_t load_word(const uint8_t* at) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

} // namespace

// The seed keeps senders from aiming at one chain. No result depends on it: chains are searched to
// their end.
fragment_cache::fragment_cache(uint32_t entries, int64_t lifetime_ns)
  : entries_(entries),
    chains_(std::bit_ceil(entries + size_t{1}), no_entry),
    lifetime_ns_(lifetime_ns),
    seed_(mix(static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()),
              reinterpret_cast<uintptr_t>(this))) {}

void fragment_cache::remember(const datagram_key& key, const datagram_flow& flow,
                              int64_t time_ns) noexcept {
  if (entries_.empty())
    return;
  if (const uint32_t same = lookup(key); same != no_entry)
    forget(same);
  if (entries_[oldest_].used)
    forget(oldest_);
  uint32_t& chain = chain_of(key);
  entries_[oldest_] = {key, flow, time_ns, chain, true};
  chain = oldest_;
  oldest_ = oldest_ + 1 == entries_.size() ? 0 : oldest_ + 1;
}

const datagram_flow* fragment_cache::find(const datagram_key& key, int64_t time_ns) const noexcept {
  const uint32_t index = lookup(key);
  if (index == no_entry)
    return nullptr;
  // Time may go back a little between packets; far back, it is another capture.
  const uint64_t then = static_cast<uint64_t>(entries_[index].time_ns);
  const uint64_t now = static_cast<uint64_t>(time_ns);
  const uint64_t age = time_ns >= entries_[index].time_ns ? now - then : then - now;
  return age > static_cast<uint64_t>(lifetime_ns_) ? nullptr : &entries_[index].flow;
}

uint64_t fragment_cache::hash(const datagram_key& key) const noexcept {
  uint64_t state =
    mix(seed_, uint64_t{key.identification} << 32 | uint64_t{key.vlan} << 8 | key.protocol);
  for (const address* at : {&key.source, &key.destination})
    state = mix(mix(state, load_word(at->data())), load_word(at->data() + 8));
  return mix(state, seed_);
}

uint32_t fragment_cache::lookup(const datagram_key& key) const noexcept {
  uint32_t index = chains_[hash(key) & (chains_.size() - 1)];
  while (index != no_entry && !(entries_[index].key == key))
    index = entries_[index].next;
  return index;
}

void fragment_cache::forget(uint32_t index) noexcept {
  uint32_t* link = &chain_of(entries_[index].key);
  while (*link != index)
    link = &entries_[*link].next;
  *link = entries_[index].next;
  entries_[index].used = false;
}

} // namespace flowactors
