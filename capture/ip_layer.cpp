#include "capture/ip_layer.hpp"

namespace flowactors {

namespace {

constexpr size_t ipv6_fixed = 40;

undecoded read_ipv4(const byte_range& at, uint32_t wire_left, uint32_t least,
                    ip_header& out) noexcept {
  if (const undecoded reason = read_ipv4_fields(at, out, least); reason != undecoded::none)
    return reason;
  if (out.total_length >= out.header_length)
    return undecoded::none;
  // TCP segments that the network card has yet to cut up are captured without a length.
  if (out.total_length != 0 || out.protocol != ip_protocol::tcp || wire_left < out.header_length)
    return undecoded::bad_ip_header;
  out.total_length = wire_left;
  out.length_known = false;
  return undecoded::none;
}

// Bytes of the extension header at `at`, 0 = `protocol` is not one that is walked over.
uint32_t extension_length(uint8_t protocol, const uint8_t* at) noexcept {
  switch (protocol) {
    case ip_protocol::hop_by_hop:
    case ip_protocol::routing:
    case ip_protocol::destination_options:
    case ip_protocol::mobility:
      return (at[1] + 1u) * 8;
    case ip_protocol::authentication:
      return (at[1] + 2u) * 4; // RFC 4302, 2.2
    case ip_protocol::fragment:
      return 8;
    default:
      return 0;
  }
}

undecoded walk_extensions(const byte_range& at, uint8_t max_headers, ip_header& out) noexcept {
  for (uint8_t walked = 0;; ++walked) {
    static constexpr uint8_t no_bytes[2] = {};
    const uint32_t left = out.payload_length();
    const uint8_t* header = out.start + out.header_length;
    const bool readable = at.end - header >= 2;
    const uint32_t length =
      extension_length(out.protocol, readable ? header : no_bytes); // else the least
    if (length == 0)
      return undecoded::none;
    if (walked == max_headers)
      return undecoded::too_many_headers;
    if (length > left)
      return undecoded::bad_ip_header;
    if (!readable || at.end - header < static_cast<ptrdiff_t>(length))
      return undecoded::truncated_ip;
    // Binding updates carry nothing: the mobility header is then the packet's own protocol (RFC
    // 6275, 6.1.1).
    if (out.protocol == ip_protocol::mobility && header[0] == ip_protocol::no_next_header)
      return undecoded::none;
    const bool fragment = out.protocol == ip_protocol::fragment;
    out.protocol = header[0];
    out.header_length += length;
    if (!fragment)
      continue;
    const uint16_t fragmentation = load16(header + 2);
    out.fragment_offset = fragmentation >> 3;
    out.more_fragments = fragmentation & 1;
    out.identification = load32(header + 4);
    if (out.fragment_offset != 0) // what follows is from the middle of the datagram
      return undecoded::none;
  }
}

undecoded read_ipv6(const byte_range& at, uint32_t wire_left, uint8_t max_headers,
                    ip_header& out) noexcept {
  if (!at.has(ipv6_fixed))
    return undecoded::truncated_ip;
  const uint8_t* start = at.at;
  const uint32_t claimed = load16(start + 4);
  out.start = start;
  out.header_length = ipv6_fixed;
  out.total_length = ipv6_fixed + claimed;
  out.identification = 0;
  out.fragment_offset = 0;
  out.more_fragments = false;
  out.length_known = true;
  out.version = 6;
  out.protocol = start[6];
  out.ttl = start[7];
  // A jumbogram has its length in a hop-by-hop option (RFC 2675); the frame knows it as well.
  if (claimed == 0 && out.protocol == ip_protocol::hop_by_hop && wire_left > ipv6_fixed) {
    out.total_length = wire_left;
    out.length_known = false;
  }
  return walk_extensions(at, max_headers, out);
}

} // namespace

undecoded read_ip(const byte_range& at, uint32_t wire_left, uint8_t max_headers,
                  uint32_t least_ipv4, ip_header& out) noexcept {
  if (!at.has(1))
    return undecoded::truncated_ip;
  switch (at.at[0] >> 4) {
    case 4:
      return read_ipv4(at, wire_left, least_ipv4, out);
    case 6:
      return read_ipv6(at, wire_left, max_headers, out);
    default:
      return undecoded::bad_ip_header;
  }
}

bool believable_ip(const byte_range& at, size_t room) noexcept {
  if (!at.has(least_ipv4_header))
    return false;
  switch (at.at[0] >> 4) {
    case 4: {
      const size_t header_length = (at.at[0] & 0x0fu) * 4;
      const size_t total_length = load16(at.at + 2);
      return header_length >= least_ipv4_header && total_length >= header_length
             && total_length <= room;
    }
    case 6:
      return at.has(ipv6_fixed) && ipv6_fixed + load16(at.at + 4) <= room;
    default:
      return false;
  }
}

} // namespace flowactors
