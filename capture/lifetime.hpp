#pragma once

#include "capture/flow_state.hpp"

#include <cstdint>

namespace flowactors {

/// When flows are over. All in nanoseconds of packet time; 0 = never.
struct lifetimes {
  int64_t idle_after_ns = 0;
  int64_t closed_after_ns = 0; ///< after FIN in both directions or RST; 0 = like idle
  int64_t active_after_ns = 0;

  /// "There is no deadline."
  static constexpr int64_t never = INT64_MAX;

  /// The last moment at which a packet still belongs to the flow.
  int64_t deadline(const flow_record& flow) const noexcept;

  /// Why the flow is over at `time_ns`; end_reason::none while it is not.
  end_reason expiry(const flow_record& flow, int64_t time_ns) const noexcept;
};

/// True for a TCP connection that ended by FIN in both directions or by RST.
bool over(const flow_record& flow) noexcept;

/// True for a TCP connection whose handshake is not complete.
bool half_open(const flow_record& flow) noexcept;

/// Takes the counters of the update interval that is over, and from them the rates and their
/// trends. `every_ns` is the interval.
void roll(flow_record& flow, flow_state& state, int64_t time_ns, int64_t every_ns) noexcept;

} // namespace flowactors
