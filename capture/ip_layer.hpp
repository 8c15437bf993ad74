#pragma once

#include "capture/bytes.hpp"
#include "capture/packet.hpp"

#include <cstddef>
#include <cstdint>

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

  uint32_t payload_length() const noexcept { return total_length - header_length; }
  fragment_kind fragment() const noexcept {
    if (fragment_offset != 0)
      return fragment_kind::later;
    return more_fragments ? fragment_kind::first : fragment_kind::whole;
  }
};

/// Reads the IP header at `at`. `wire_left` = bytes from `at` to the end of the frame as it was on
/// the wire: the length of packets whose header leaves it out (segmentation offload, jumbograms).
/// `max_headers` bounds the extension headers.
undecoded read_ip(const byte_range& at, uint32_t wire_left, uint8_t max_headers,
                  ip_header& out) noexcept;

/// True if what stands at `at` has the looks of an IP packet of at most `room` bytes: for guesses,
/// such as a tunnel by port.
bool believable_ip(const byte_range& at, size_t room) noexcept;

/// Writes the addresses of the header at `start` to `out`.
void read_addresses(const uint8_t* start, uint8_t version, packet& out) noexcept;

} // namespace flowactors
