#pragma once

#include "capture/bytes.hpp"
#include "capture/packet.hpp"

#include <cstdint>

namespace flowactors {

/// What the headers in front of an IP header say about it.
struct link_headers {
  const uint8_t* source_mac = nullptr; ///< six bytes in the frame, null = the link has none
  const uint8_t* destination_mac = nullptr;
  uint16_t vlan = 0;    ///< of the last tag
  bool tagged = false;  ///< there was a tag
  bool guessed = false; ///< the type was unknown; what follows looks like IP
};

/// EtherTypes that open_ethertype() follows (https://www.iana.org/assignments/ieee-802-numbers).
namespace ethertype {
inline constexpr uint16_t ipv4 = 0x0800, vlan = 0x8100, ipv6 = 0x86dd, mpls = 0x8847,
                          mpls_upstream = 0x8848, pppoe_session = 0x8864, provider_vlan = 0x88a8,
                          old_provider_vlan = 0x9100, ppp = 0x880b, bridging = 0x6558;
}

/// Steps from the first byte of a frame over all link headers, tags and labels: on success, `at`
/// stands where an IP header must be (its version is not looked at yet). `max_headers` bounds the
/// tags, labels and so on that are walked.
undecoded open_any_link(link_type link, uint8_t max_headers, byte_range& at,
                        link_headers& out) noexcept;

/// The same from an Ethernet header (II, 802.3 with LLC and SNAP).
undecoded open_ethernet(uint8_t max_headers, byte_range& at, link_headers& out) noexcept;

/// The same from the byte after a field that holds an EtherType: 802.1Q, QinQ, MPLS, PPPoE
/// sessions, PPP (RFC 1661, with or without RFC 1662's address and control bytes and protocol
/// compression), IP.
undecoded open_ethertype(uint16_t type, uint8_t max_headers, byte_range& at,
                         link_headers& out) noexcept;

/// open_any_link(), straight through for the commonest frames: IP in Ethernet II.
inline undecoded open_link(link_type link, uint8_t max_headers, byte_range& at,
                           link_headers& out) noexcept {
  if (link == link_type::ethernet && at.has(14)) [[likely]] {
    const uint16_t type = load16(at.at + 12);
    if (type == ethertype::ipv4 || type == ethertype::ipv6) [[likely]] {
      out.destination_mac = at.at;
      out.source_mac = at.at + 6;
      at.at += 14;
      return undecoded::none;
    }
  }
  // Copies, so that the caller's own can stay in registers.
  byte_range slow_at = at;
  link_headers slow_out;
  const undecoded reason = open_any_link(link, max_headers, slow_at, slow_out);
  at = slow_at;
  out = slow_out;
  return reason;
}

} // namespace flowactors
