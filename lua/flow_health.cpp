#include "lua/flow_health.hpp"

#include "capture/packet.hpp"

namespace flowactors {

namespace {

constexpr uint8_t icmp = 1, tcp = 6, udp = 17, icmp6 = 58;

constexpr int64_t seconds(int64_t count) noexcept {
  return count * 1'000'000'000;
}

bool has_low_goodput(const flow_record& flow) noexcept {
  if (flow.protocol == udp)
    return false;
  const bool carries = flow.protocol != icmp && flow.protocol != icmp6;
  const uint64_t payload = carries ? flow.client.payload_bytes + flow.server.payload_bytes : 0;
  return payload * 100 / (flow.client.bytes + flow.server.bytes + 1) < 40;
}

bool has_payload(const flow_record& flow) noexcept {
  return (flow.client.payload_bytes | flow.server.payload_bytes) != 0;
}

bool is_stalled(const flow_record& flow, int64_t now_ns, bool tls) noexcept {
  if (flow.established == 0) {
    if (flow.syn_ack_ns != 0)
      return now_ns - flow.syn_ack_ns > seconds(6);
    return flow.syn_ns != 0 && now_ns - flow.syn_ns > seconds(3);
  }
  if (!has_payload(flow))
    return now_ns - flow.handshake_ns > seconds(10);
  if (!tls)
    return false;
  const bool unanswered = flow.server.payload_bytes == 0;
  return now_ns - flow.last_seen_ns > (unanswered ? seconds(3) : seconds(46));
}

bool is_refused(const flow_record& flow) noexcept {
  return (flow.client_tcp.flags & tcp_flag::syn) != 0
         && (flow.server_tcp.flags & (tcp_flag::rst | tcp_flag::syn)) == tcp_flag::rst
         && !has_payload(flow);
}

bool has_issues(const flow_record& flow) noexcept {
  const auto sum = [](const flow_tcp& side) {
    return uint64_t{side.retransmissions} + side.out_of_order + side.lost;
  };
  return sum(flow.client_tcp) + sum(flow.server_tcp)
         > (flow.client.packets + flow.server.packets) / 10;
}

flow_status hanging(const flow_record& flow, int64_t now_ns) noexcept {
  if (flow.established != 0 || flow.syn_ns == 0)
    return has_payload(flow) ? flow_status::slow_exchange : flow_status::slow_header;
  if (flow.syn_ack_ns != 0)
    return flow_status::slow_connection;
  return flow.server.packets == 0 && now_ns - flow.first_seen_ns > seconds(120)
           ? flow_status::probing
           : flow_status::syn_probing;
}

} // namespace

flow_health health_of(const flow_record& flow, int64_t now_ns, bool tls, bool mismatch) noexcept {
  flow_health health{flow_status::normal, now_ns - flow.last_seen_ns > seconds(60),
                     has_low_goodput(flow)};
  if (flow.protocol != tcp)
    return health;
  health.idle = health.idle || is_stalled(flow, now_ns, tls);
  if (is_refused(flow))
    health.status = flow_status::refused;
  else if (has_issues(flow))
    health.status = flow_status::connection_issues;
  else if (health.idle)
    health.status = hanging(flow, now_ns);
  else if (mismatch)
    health.status = flow_status::certificate_mismatch;
  else if (health.low_goodput && flow.established != 0 && has_payload(flow))
    health.status = flow_status::low_goodput;
  return health;
}

} // namespace flowactors
