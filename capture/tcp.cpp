#include "capture/tcp.hpp"

#include <netinet/in.h>

#include <algorithm>

namespace flowactors {

namespace {

constexpr uint8_t raw(tcp_state state) noexcept {
  return static_cast<uint8_t>(state);
}

uint32_t microseconds(int64_t from_ns, int64_t to_ns) noexcept {
  return static_cast<uint32_t>(std::clamp<int64_t>((to_ns - from_ns) / 1000, 0, UINT32_MAX));
}

// Sequence numbers are compared modulo 2^32.
int32_t distance(uint32_t from, uint32_t to) noexcept {
  return static_cast<int32_t>(to - from);
}

void track_sequence(flow_tcp& side, uint32_t& hole_begin, uint16_t& hole_length,
                    const packet& p) noexcept {
  const uint32_t control = (p.tcp_flags & (tcp_flag::syn | tcp_flag::fin)) != 0 ? 1 : 0;
  const uint32_t end = p.sequence + p.payload_length + control;
  if (side.flags == 0) { // the first packet of this direction
    side.next_sequence = end;
    return;
  }
  const int32_t ahead = distance(side.next_sequence, p.sequence);
  if (ahead == 0) {
    side.next_sequence = end;
    return;
  }
  if (p.payload_length + control == 0)
    return; // a bare ACK carries nothing that could be lost or repeated
  if (ahead > 0) {
    ++side.lost;
    hole_begin = side.next_sequence;
    hole_length = static_cast<uint16_t>(std::min<int32_t>(ahead, UINT16_MAX));
    side.next_sequence = end;
    return;
  }
  const int32_t into_hole = distance(hole_begin, p.sequence);
  if (hole_length != 0 && into_hole >= 0 && into_hole < hole_length) {
    ++side.out_of_order;
    const auto filled = static_cast<uint32_t>(into_hole) + p.payload_length + control;
    if (into_hole
        == 0) { // filled from its beginning on: what is left of it, if anything, is smaller
      const uint32_t step = std::min<uint32_t>(filled, hole_length);
      hole_begin += step;
      hole_length = static_cast<uint16_t>(hole_length - step);
      if (hole_length == 0 && side.lost > 0)
        --side.lost;
    }
  } else if (!(p.payload_length <= 1
               && ahead == -1)) { // a keep-alive repeats the last byte on purpose
    ++side.retransmissions;
  }
  if (distance(side.next_sequence, end) > 0)
    side.next_sequence = end;
}

void track_handshake(flow_record& flow, const packet& p, bool from_client) noexcept {
  const bool syn = (p.tcp_flags & tcp_flag::syn) != 0;
  const bool ack = (p.tcp_flags & tcp_flag::ack) != 0;
  if (syn && !ack && from_client) {
    if (flow.syn_ns == 0)
      flow.syn_ns = p.time_ns;
    if (flow.state == raw(tcp_state::none))
      flow.state = raw(tcp_state::syn_sent);
  } else if (syn && ack && !from_client) {
    if (flow.syn_ack_ns == 0) {
      flow.syn_ack_ns = p.time_ns;
      if (flow.syn_ns != 0)
        flow.server_rtt_us = microseconds(flow.syn_ns, p.time_ns);
    }
    if (flow.state == raw(tcp_state::none) || flow.state == raw(tcp_state::syn_sent))
      flow.state = raw(tcp_state::syn_received);
  } else if (ack && !syn && from_client && flow.state == raw(tcp_state::syn_received)) {
    flow.state = raw(tcp_state::established);
    flow.handshake_ns = p.time_ns;
    flow.client_rtt_us = microseconds(flow.syn_ack_ns, p.time_ns);
    flow.established = flow.syn_ns != 0 ? 1 : 0;
  } else if (flow.state == raw(tcp_state::none)) {
    flow.state = raw(tcp_state::midstream);
  }
}

void track_end(flow_record& flow, const packet& p) noexcept {
  if ((p.tcp_flags & tcp_flag::rst) != 0)
    flow.state = raw(tcp_state::reset);
  if (flow.state == raw(tcp_state::reset))
    return;
  const int fins =
    ((flow.client_tcp.flags & tcp_flag::fin) != 0) + ((flow.server_tcp.flags & tcp_flag::fin) != 0);
  if (fins == 2)
    flow.state = raw(tcp_state::closed);
  else if (fins == 1)
    flow.state = raw(tcp_state::closing);
}

} // namespace

void track_tcp(flow_record& flow, flow_state& state, const packet& p, bool from_client) noexcept {
  flow_tcp& side = from_client ? flow.client_tcp : flow.server_tcp;
  const size_t direction = from_client ? 0 : 1;
  track_sequence(side, state.hole_begin[direction], state.hole_length[direction], p);
  if ((p.tcp_flags & tcp_flag::syn) != 0)
    side.window_scale = p.window_scale;
  const bool had_window = side.flags == 0 || side.window != 0;
  if (p.window == 0 && had_window && (p.tcp_flags & (tcp_flag::rst | tcp_flag::syn)) == 0)
    ++side.zero_windows;
  side.window = p.window;
  side.flags |= p.tcp_flags;
  flow.last_tcp_flags = p.tcp_flags;
  if (flow.state < raw(tcp_state::established))
    track_handshake(flow, p, from_client);
  if ((side.flags & (tcp_flag::fin | tcp_flag::rst)) != 0)
    track_end(flow, p);
  if (p.payload_length == 0)
    return;
  if (from_client) {
    if (flow.server.payload_bytes == 0)
      flow.request_ns = p.time_ns;
  } else if (flow.response_us == 0 && flow.request_ns != 0
             && flow.server.payload_bytes == p.payload_length) {
    flow.response_us = std::max(1u, microseconds(flow.request_ns, p.time_ns));
  }
}

bool opens(const packet& p) noexcept {
  constexpr uint8_t all = tcp_flag::syn | tcp_flag::ack | tcp_flag::fin | tcp_flag::rst;
  return p.protocol == IPPROTO_TCP && (p.tcp_flags & all) == tcp_flag::syn && p.payload_length == 0
         && p.fragment == fragment_kind::whole;
}

bool reuses(const flow_record& flow, const packet& p) noexcept {
  return (p.tcp_flags & (tcp_flag::syn | tcp_flag::ack)) == tcp_flag::syn
         && (flow.state == raw(tcp_state::closed) || flow.state == raw(tcp_state::reset));
}

} // namespace flowactors
