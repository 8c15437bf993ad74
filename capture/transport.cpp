#include "capture/transport.hpp"

#include <algorithm>

namespace flowactors {

namespace {

constexpr uint32_t tcp_least = 20;
constexpr uint32_t dccp_least = 12;
constexpr uint8_t highest_window_scale = 14; // RFC 7323, 2.3: larger shifts count as 14

// Transport bytes: what IP claims, and how much of it was captured. Link padding is neither.
struct transport_bytes {
  const uint8_t* at;
  uint32_t claimed;
  uint32_t captured;
};

void clear_transport(packet& out) noexcept {
  out.source_port = 0;
  out.destination_port = 0;
  out.tcp_flags = 0;
  out.sequence = 0;
  out.acknowledgement = 0;
  out.window = 0;
  out.window_scale = 0;
  out.icmp_type = 0;
  out.icmp_code = 0;
}

void set_payload(const transport_bytes& bytes, uint32_t header_length, packet& out) noexcept {
  const uint32_t claimed = std::min(header_length, bytes.claimed);
  const uint32_t captured = std::min(header_length, bytes.captured);
  out.payload = bytes.at + captured;
  out.payload_length = bytes.claimed - claimed;
  out.payload_captured = bytes.captured - captured;
}

uint8_t find_window_scale(const uint8_t* at, const uint8_t* end) noexcept {
  while (at < end) {
    const uint8_t kind = at[0];
    if (kind == 0)
      return 0;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (end - at < 2 || at[1] < 2)
      return 0;
    if (kind == 3 && at[1] == 3 && end - at >= 3)
      return std::min(at[2], highest_window_scale);
    at += std::min<ptrdiff_t>(at[1], end - at);
  }
  return 0;
}

void read_tcp(const transport_bytes& bytes, packet& out) noexcept {
  const uint8_t* at = bytes.at;
  const uint32_t header_length = (at[12] >> 4) * 4u;
  out.source_port = load16(at);
  out.destination_port = load16(at + 2);
  out.sequence = load32(at + 4);
  out.acknowledgement = load32(at + 8);
  out.tcp_flags = at[13] & 0x3f;
  out.window = load16(at + 14);
  out.window_scale = 0;
  out.icmp_type = 0;
  out.icmp_code = 0;
  if ((out.tcp_flags & tcp_flag::syn) && header_length > tcp_least)
    out.window_scale =
      find_window_scale(at + tcp_least, at + std::min(header_length, bytes.captured));
  // A header that claims to be shorter than it is leaves open where the payload begins: then there
  // is none.
  set_payload(bytes, header_length >= tcp_least ? header_length : bytes.claimed, out);
}

// A transport with its two ports in front.
void read_ports(const transport_bytes& bytes, uint32_t header_length, packet& out) noexcept {
  clear_transport(out);
  out.source_port = load16(bytes.at);
  out.destination_port = load16(bytes.at + 2);
  set_payload(bytes, header_length, out);
}

// RFC 4340, 5.1: packets whose data offset falls into the header must be ignored.
undecoded read_dccp(const transport_bytes& bytes, packet& out) noexcept {
  const uint32_t header_length = bytes.captured > 4 ? bytes.at[4] * 4u : dccp_least;
  if (header_length < dccp_least)
    return undecoded::bad_transport_header;
  read_ports(bytes, header_length, out);
  return undecoded::none;
}

void read_icmp(const transport_bytes& bytes, packet& out) noexcept {
  clear_transport(out);
  out.icmp_type = bytes.at[0];
  out.icmp_code = bytes.at[1];
  set_payload(bytes, 8, out);
}

// What a protocol's header must at least have, by its own lengths and in the capture.
struct header_needs {
  uint32_t claimed;
  uint32_t captured;
};

header_needs needs_of(uint8_t protocol) noexcept {
  switch (protocol) {
    case ip_protocol::tcp:
      return {tcp_least, tcp_least};
    case ip_protocol::udp:
    case ip_protocol::udp_lite:
      return {8, 4};
    case ip_protocol::sctp:
    case ip_protocol::dccp:
      return {dccp_least, 4};
    case ip_protocol::icmp:
    case ip_protocol::icmpv6:
      return {4, 2};
    default:
      return {0, 0};
  }
}

} // namespace

undecoded read_transport(const ip_header& ip, const uint8_t* end, packet& out) noexcept {
  const uint8_t* at = ip.start + ip.header_length;
  const uint32_t claimed = ip.payload_length();
  const transport_bytes bytes{at, claimed, std::min(claimed, static_cast<uint32_t>(end - at))};
  const header_needs needs = needs_of(ip.protocol);
  if (claimed < needs.claimed) [[unlikely]] {
    clear_transport(out);
    set_payload(bytes, claimed, out);
    return undecoded::none;
  }
  if (bytes.captured < needs.captured) [[unlikely]]
    return undecoded::truncated_transport;
  switch (ip.protocol) {
    case ip_protocol::tcp:
      read_tcp(bytes, out);
      break;
    case ip_protocol::udp:
    case ip_protocol::udp_lite:
      read_ports(bytes, 8, out);
      break;
    case ip_protocol::sctp:
      read_ports(bytes, 12, out);
      break;
    case ip_protocol::dccp:
      return read_dccp(bytes, out);
    case ip_protocol::icmp:
    case ip_protocol::icmpv6:
      read_icmp(bytes, out);
      break;
    default:
      read_opaque(ip, end, out);
  }
  return undecoded::none;
}

void read_opaque(const ip_header& ip, const uint8_t* end, packet& out) noexcept {
  const uint8_t* at = ip.start + ip.header_length;
  const uint32_t claimed = ip.payload_length();
  clear_transport(out);
  set_payload({at, claimed, std::min(claimed, static_cast<uint32_t>(end - at))}, 0, out);
}

} // namespace flowactors
