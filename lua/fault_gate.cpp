#include "lua/fault_gate.hpp"

#include <functional>
#include <utility>

namespace flowactors {

uint64_t fault_gate::note(std::string_view message, int64_t now_ns) noexcept {
  kind& which = kind_of(std::hash<std::string_view>{}(message), now_ns);
  const bool first = !std::exchange(which.used, true);
  which.seen_ns = now_ns;
  ++which.untold;
  if (!first && now_ns - which.told_ns < quiet_ns)
    return 0;
  which.told_ns = now_ns;
  return std::exchange(which.untold, 0);
}

// The kind of that hash, or a fresh one in a free place; a kind that was not seen for a minute
// makes room.
fault_gate::kind& fault_gate::kind_of(uint64_t hash, int64_t now_ns) noexcept {
  kind* room = nullptr;
  for (size_t i = 0; i < max_kinds; ++i) {
    kind& candidate = kinds_[i];
    if (candidate.used && candidate.hash == hash)
      return candidate;
    const bool free =
      !candidate.used || (now_ns - candidate.seen_ns >= quiet_ns && candidate.untold == 0);
    if (free && room == nullptr)
      room = &candidate;
  }
  if (room == nullptr)
    return kinds_[max_kinds];
  *room = kind{};
  room->hash = hash;
  return *room;
}

} // namespace flowactors
