#pragma once

#include "capture/flow_state.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace flowactors {

/// Wakes flows at their deadlines, to the second. Deadlines beyond the wheel's span are looked at
/// once a turn and put off. A flow is not moved when a packet prolongs its life: it is woken at the
/// old deadline and its owner puts it off. O(1) a packet.
class timer_wheel {
public:
  static constexpr int64_t tick_ns = 1'000'000'000;

  /// True when `advance` has something to look at.
  bool due(int64_t now_ns) const noexcept { return now_ns >= next_ns_; }

  /// Wakes the flow at `deadline_ns` or up to a tick later.
  void schedule(flow_state* states, uint32_t slot, int64_t deadline_ns) noexcept {
    cancel(states, slot);
    const int64_t earliest = current_ + 1;
    const int64_t tick = std::clamp(deadline_ns / tick_ns + 1, earliest, current_ + buckets - 1);
    const auto bucket = static_cast<uint16_t>(tick % buckets);
    states[slot].bucket = bucket;
    wheel_[bucket].push_back(states, slot);
  }

  void cancel(flow_state* states, uint32_t slot) noexcept {
    if (states[slot].bucket == flow_state::no_bucket)
      return;
    wheel_[states[slot].bucket].remove(states, slot);
    states[slot].bucket = flow_state::no_bucket;
  }

  /// Sets the clock without waking anybody; only while nobody waits.
  void reset(int64_t now_ns) noexcept {
    current_ = now_ns / tick_ns;
    next_ns_ = (current_ + 1) * tick_ns;
  }

  /// Moves the clock to `now_ns` and calls `wake(slot)` for each flow that waited for a tick up to
  /// it. Woken flows are out of the wheel; `wake` may schedule them anew.
  template <class Wake>
  void advance(flow_state* states, int64_t now_ns, Wake&& wake) {
    const int64_t last = now_ns / tick_ns;
    // One turn looks at everything, however far the clock jumps.
    const int64_t first = std::max(current_ + 1, last - buckets + 1);
    current_ = last;
    next_ns_ = (last + 1) * tick_ns;
    for (int64_t tick = first; tick <= last; ++tick) {
      auto woken = std::exchange(wheel_[static_cast<size_t>(tick % buckets)], {});
      for (uint32_t slot = woken.first(); slot != no_slot;) {
        const uint32_t next = states[slot].timer.next;
        states[slot].bucket = flow_state::no_bucket;
        wake(slot);
        slot = next;
      }
    }
  }

private:
  static constexpr int64_t buckets = 1024;
  std::array<index_list<flow_state, &flow_state::timer>, buckets> wheel_;
  int64_t current_ = 0;
  int64_t next_ns_ = 0;
};

} // namespace flowactors
