#include "capture/transport.hpp"

namespace flowactors {

namespace {

constexpr uint32_t tcp_least = 20;
constexpr uint32_t dccp_least = 12;
constexpr uint8_t highest_window_scale = 14; // RFC 7323, 2.3: larger shifts count as 14

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

void set_payload(transport_bytes bytes, uint32_t header_length, packet& out) noexcept {
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

undecoded read_tcp(transport_bytes bytes, packet& out) noexcept {
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
  return undecoded::none;
}

// A transport with its two ports in front.
void read_ports(transport_bytes bytes, uint32_t header_length, packet& out) noexcept {
  clear_transport(out);
  out.source_port = load16(bytes.at);
  out.destination_port = load16(bytes.at + 2);
  set_payload(bytes, header_length, out);
}

template <uint32_t HeaderLength>
undecoded read_ports(transport_bytes bytes, packet& out) noexcept {
  read_ports(bytes, HeaderLength, out);
  return undecoded::none;
}

// RFC 4340, 5.1: packets whose data offset falls into the header must be ignored.
undecoded read_dccp(transport_bytes bytes, packet& out) noexcept {
  const uint32_t header_length = bytes.captured > 4 ? bytes.at[4] * 4u : dccp_least;
  if (header_length < dccp_least)
    return undecoded::bad_transport_header;
  read_ports(bytes, header_length, out);
  return undecoded::none;
}

undecoded read_icmp(transport_bytes bytes, packet& out) noexcept {
  clear_transport(out);
  out.icmp_type = bytes.at[0];
  out.icmp_code = bytes.at[1];
  set_payload(bytes, 8, out);
  return undecoded::none;
}

void read_portless(transport_bytes bytes, packet& out) noexcept {
  clear_transport(out);
  set_payload(bytes, bytes.claimed, out);
}

// What a protocol's header must at least have: by the lengths of the packet, and in the capture.
template <uint32_t Claimed, uint32_t Captured, class Reader>
undecoded read_header(transport_bytes bytes, packet& out, Reader read) noexcept {
  if (bytes.claimed < Claimed) [[unlikely]] {
    read_portless(bytes, out);
    return undecoded::none;
  }
  if (bytes.captured < Captured) [[unlikely]]
    return undecoded::truncated_transport;
  return read(bytes, out);
}

} // namespace

undecoded read_transport(uint8_t protocol, transport_bytes bytes, packet& out) noexcept {
  switch (protocol) {
    case ip_protocol::tcp:
      return read_header<tcp_least, tcp_least>(bytes, out, read_tcp);
    case ip_protocol::udp:
    case ip_protocol::udp_lite:
      return read_header<8, 4>(bytes, out, read_ports<8>);
    case ip_protocol::sctp:
      return read_header<12, 4>(bytes, out, read_ports<12>);
    case ip_protocol::dccp:
      return read_header<dccp_least, 4>(bytes, out, read_dccp);
    case ip_protocol::icmp:
    case ip_protocol::icmpv6:
      return read_header<4, 2>(bytes, out, read_icmp);
    default:
      read_opaque(bytes, out);
      return undecoded::none;
  }
}

void read_opaque(transport_bytes bytes, packet& out) noexcept {
  clear_transport(out);
  set_payload(bytes, 0, out);
}

} // namespace flowactors
