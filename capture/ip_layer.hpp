#pragma once

#include "capture/bytes.hpp"
#include "capture/packet.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace flowactors {

/// IP protocol numbers that the decoder knows (https://www.iana.org/assignments/protocol-numbers).
namespace ip_protocol {
inline constexpr uint8_t hop_by_hop = 0, icmp = 1, ipv4 = 4, tcp = 6, udp = 17, dccp = 33,
                         ipv6 = 41, routing = 43, fragment = 44, gre = 47, authentication = 51,
                         icmpv6 = 58, no_next_header = 59, destination_options = 60, sctp = 132,
                         mobility = 135, udp_lite = 136;
}

/// An IPv4 header (RFC 791) or an IPv6 header with its extensions (RFC 8200). Lengths are claims:
/// only the headers themselves are known to be captured.
struct ip_header {
  const uint8_t* start;
  uint32_t header_length; ///< bytes from `start` to the transport header
  uint32_t total_length;  ///< bytes from `start` to the end of the packet, at least `header_length`
  uint32_t identification;  ///< of the datagram that a fragment belongs to
  uint16_t fragment_offset; ///< in units of 8 bytes
  bool more_fragments;
  bool length_known; ///< false: `total_length` is what the frame had room for
  uint8_t version;
  uint8_t protocol; ///< after extension headers
  uint8_t ttl;      ///< or hop limit

  /// Takes the packet for a whole one, whatever its fragment fields say.
  void forget_fragments() noexcept {
    fragment_offset = 0;
    more_fragments = false;
  }

  uint32_t payload_length() const noexcept { return total_length - header_length; }
  fragment_kind fragment() const noexcept {
    if (fragment_offset != 0)
      return fragment_kind::later;
    return more_fragments ? fragment_kind::first : fragment_kind::whole;
  }
};

/// Reads the IP header at `at`. `wire_left` = bytes from `at` to the end of the frame as it was on
/// the wire: the length of packets whose header leaves it out (segmentation offload, jumbograms).
/// `max_headers` bounds the extension headers. `least_ipv4` = the shortest IPv4 header that is
/// taken.
inline constexpr uint32_t least_ipv4_header = 20; // RFC 791, 3.1
undecoded read_ip(const byte_range& at, uint32_t wire_left, uint8_t max_headers,
                  uint32_t least_ipv4, ip_header& out) noexcept;

/// True if what stands at `at` has the looks of an IP packet of at most `room` bytes: for guesses,
/// such as a tunnel by port.
bool believable_ip(const byte_range& at, size_t room) noexcept;

/// Writes the addresses of the header at `start` to `out`.
inline void read_addresses(const uint8_t* start, uint8_t version, packet& out) noexcept {
  if (version == 4) [[likely]] {
    static constexpr uint8_t mapped[12] = {0, 0, 0, 0, 0,    0,
                                           0, 0, 0, 0, 0xff, 0xff}; // RFC 4291, 2.5.5.2
    std::memcpy(out.source.data(), mapped, sizeof mapped);
    std::memcpy(out.source.data() + sizeof mapped, start + 12, 4);
    std::memcpy(out.destination.data(), mapped, sizeof mapped);
    std::memcpy(out.destination.data() + sizeof mapped, start + 16, 4);
  } else {
    std::memcpy(out.source.data(), start + 8, 16);
    std::memcpy(out.destination.data(), start + 24, 16);
  }
}

/// The fields of an IPv4 header, if it is captured; its total length is as it stands there.
inline undecoded read_ipv4_fields(const byte_range& at, ip_header& out,
                                  uint32_t least = least_ipv4_header) noexcept {
  if (!at.has(least_ipv4_header))
    return undecoded::truncated_ip;
  const uint8_t* start = at.at;
  const uint32_t header_length = (start[0] & 0x0fu) * 4;
  if (header_length < least)
    return undecoded::bad_ip_header;
  if (!at.has(header_length))
    return undecoded::truncated_ip;
  const uint16_t fragmentation = load16(start + 6);
  out.start = start;
  out.header_length = header_length;
  out.total_length = load16(start + 2);
  out.identification = load16(start + 4);
  out.fragment_offset = fragmentation & 0x1fff;
  out.more_fragments = fragmentation & 0x2000;
  out.length_known = true;
  out.version = 4;
  out.ttl = start[8];
  out.protocol = start[9];
  return undecoded::none;
}

/// read_ip() for the commonest packets: IPv4, whole, with its length. False: ask read_ip().
inline bool read_plain_ip(const byte_range& at, ip_header& out) noexcept {
  return at.has(1) && at.at[0] >> 4 == 4 && read_ipv4_fields(at, out) == undecoded::none
         && out.total_length >= out.header_length && out.fragment() == fragment_kind::whole;
}

} // namespace flowactors
