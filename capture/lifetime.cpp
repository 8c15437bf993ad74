#include "capture/lifetime.hpp"

#include <algorithm>

namespace flowactors {

namespace {

// Up or down begins at a fifth of the rate before.
uint8_t trend(float before, float now) noexcept {
  constexpr uint8_t unknown = 0, up = 1, down = 2, stable = 3;
  if (before == 0 && now == 0)
    return unknown;
  if (now > before * 1.2f)
    return up;
  return now < before * 0.8f ? down : stable;
}

} // namespace

bool over(const flow_record& flow) noexcept {
  const auto state = static_cast<tcp_state>(flow.state);
  return state == tcp_state::closed || state == tcp_state::reset;
}

bool half_open(const flow_record& flow) noexcept {
  const auto state = static_cast<tcp_state>(flow.state);
  return state == tcp_state::syn_sent || state == tcp_state::syn_received;
}

int64_t lifetimes::deadline(const flow_record& flow) const noexcept {
  int64_t at = never;
  if (idle_after_ns > 0)
    at = flow.last_seen_ns + idle_after_ns;
  if (closed_after_ns > 0 && over(flow))
    at = std::min(at, flow.last_seen_ns + closed_after_ns);
  if (active_after_ns > 0)
    at = std::min(at, flow.first_seen_ns + active_after_ns);
  return at;
}

end_reason lifetimes::expiry(const flow_record& flow, int64_t time_ns) const noexcept {
  if (time_ns <= deadline(flow))
    return end_reason::none;
  if (active_after_ns > 0 && time_ns > flow.first_seen_ns + active_after_ns)
    return end_reason::active;
  if (!over(flow))
    return end_reason::idle;
  return static_cast<tcp_state>(flow.state) == tcp_state::reset ? end_reason::reset
                                                                : end_reason::closed;
}

void roll(flow_record& flow, flow_state& state, int64_t time_ns, int64_t every_ns) noexcept {
  const auto seconds = static_cast<float>(static_cast<double>(time_ns - flow.tick_ns) / 1e9);
  if (seconds <= 0)
    return;
  const auto rate = [seconds](uint64_t now, uint64_t before) {
    return static_cast<float>(now - before) / seconds;
  };
  const float bytes_before = flow.client_bytes_per_s + flow.server_bytes_per_s;
  const float packets_before = flow.client_packets_per_s + flow.server_packets_per_s;
  flow.client_bytes_per_s = rate(flow.client.bytes, flow.client_tick.bytes);
  flow.server_bytes_per_s = rate(flow.server.bytes, flow.server_tick.bytes);
  flow.client_packets_per_s = rate(flow.client.packets, flow.client_tick.packets);
  flow.server_packets_per_s = rate(flow.server.packets, flow.server_tick.packets);
  const float bytes = flow.client_bytes_per_s + flow.server_bytes_per_s;
  const float packets = flow.client_packets_per_s + flow.server_packets_per_s;
  flow.top_bytes_per_s = std::max(flow.top_bytes_per_s, bytes);
  flow.top_packets_per_s = std::max(flow.top_packets_per_s, packets);
  flow.bytes_trend = trend(bytes_before, bytes);
  flow.packets_trend = trend(packets_before, packets);
  flow.client_tick = flow.client;
  flow.server_tick = flow.server;
  flow.tick_ns = time_ns;
  if (time_ns >= state.next_tick_ns)
    state.next_tick_ns += ((time_ns - state.next_tick_ns) / every_ns + 1) * every_ns;
}

} // namespace flowactors
