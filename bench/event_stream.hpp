#pragma once

#include "bench/sample_flows.hpp"
#include "lua/script_event.hpp"

#include <span>
#include <vector>

namespace flowactors::bench {

/// Which events a stream has.
enum class event_mix : uint8_t {
  detections, ///< these alone
  life,       ///< 80 % updates, 8 % creations, 6 % detections, 6 % ends
};

/// Events over sample flows, the same in every run, again and again.
class event_stream {
public:
  static constexpr size_t count = 4 * sample_flows::count;

  event_stream(sample_flows& samples, event_mix mix);

  /// The events of batch `number`; `size` divides `count`.
  std::span<const script_event> batch(size_t number, size_t size) const {
    return std::span{events_}.subspan(number * size % count, size);
  }

private:
  std::vector<script_event> events_;
};

} // namespace flowactors::bench
