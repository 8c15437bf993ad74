#pragma once

#include "capture/flow_batch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace flowactors {

/// Why an event did not reach the scripts of a context. X-macro: name, sentence.
#define FLOWACTORS_LANE_LOSSES(X)                                                  \
  X(shed, "the lane was full, and a live capture waits for nobody")                \
  X(crashed, "the context broke down while it had the batch in hand")              \
  X(parked, "the context had been given up")                                       \
  X(unreachable, "its node was not there for too long, and others took its share") \
  X(unfinished, "it still waited when the time to end was over")

enum class lane_loss : uint8_t {
#define X(name, text) name,
  FLOWACTORS_LANE_LOSSES(X)
#undef X
};

inline constexpr size_t lane_loss_count = 0
#define X(name, text) +1
  FLOWACTORS_LANE_LOSSES(X)
#undef X
  ;

/// The reason's name in reports ("shed").
constexpr const char* to_string(lane_loss reason) noexcept {
  switch (reason) {
#define X(name, text)   \
  case lane_loss::name: \
    return #name;
    FLOWACTORS_LANE_LOSSES(X)
#undef X
  }
  return "?";
}

inline void add(kind_counts& into, const kind_counts& more) noexcept {
  for (size_t i = 0; i < into.size(); ++i)
    into[i] += more[i];
}

inline void subtract(kind_counts& from, const kind_counts& less) noexcept {
  for (size_t i = 0; i < from.size(); ++i)
    from[i] -= less[i];
}

inline uint64_t sum(const kind_counts& counts) noexcept {
  uint64_t out = 0;
  for (const auto n : counts)
    out += n;
  return out;
}

/// The books of a lane. Equation, at any time and for each kind:
///   taken = handled + sum(lost) + waiting
struct lane_counters {
  kind_counts taken{};   ///< events that were put into it
  kind_counts handled{}; ///< by the scripts of the context
  std::array<kind_counts, lane_loss_count> lost{};
  kind_counts waiting{};  ///< in the lane, or in the context's hands
  uint64_t next = 0;      ///< sequence number of the next event
  uint64_t delivered = 0; ///< the one after the last that the context got
  uint64_t batches = 0;   ///< that were put into it
  uint64_t peak = 0;      ///< the most credit that was in use
  uint64_t waits = 0;     ///< how often the capture waited for credit

  const kind_counts& lost_by(lane_loss reason) const noexcept {
    return lost[static_cast<size_t>(reason)];
  }
};

/// Adds what was counted for another lane between the same ends; the numbers of events add up, so
/// that `next` - `delivered` still tells how many came after the last.
inline void add(lane_counters& into, const lane_counters& more) noexcept {
  add(into.taken, more.taken);
  add(into.handled, more.handled);
  for (size_t i = 0; i < lane_loss_count; ++i)
    add(into.lost[i], more.lost[i]);
  add(into.waiting, more.waiting);
  into.next += more.next;
  into.delivered += more.delivered;
  into.batches += more.batches;
  into.peak = into.peak < more.peak ? more.peak : into.peak;
  into.waits += more.waits;
}

} // namespace flowactors
