#include "bench/event_stream.hpp"

#include <random>

namespace flowactors::bench {

namespace {

event_kind kind_of(uint32_t percent) {
  return percent < 80   ? event_kind::updated
         : percent < 88 ? event_kind::created
         : percent < 94 ? event_kind::detected
                        : event_kind::ended;
}

} // namespace

event_stream::event_stream(sample_flows& samples, event_mix mix) {
  std::minstd_rand random{7};
  for (size_t i = 0; i < count; ++i) {
    flow_record& flow = samples.flows[i % samples.flows.size()];
    const auto percent = static_cast<uint32_t>(random() >> 8) % 100;
    events_.push_back(
      {&flow, flow.last_seen_ns, mix == event_mix::life ? kind_of(percent) : event_kind::detected});
  }
}

} // namespace flowactors::bench
