#pragma once

#include "capture/ip_layer.hpp"
#include "capture/packet.hpp"

#include <algorithm>
#include <cstdint>

namespace flowactors {

/// What follows an IP header: what its lengths claim, and how much of that was captured. Link
/// padding is neither.
struct transport_bytes {
  const uint8_t* at;
  uint32_t claimed;
  uint32_t captured;
};

/// The bytes behind `ip`; `end` = end of the captured bytes.
inline transport_bytes behind(const ip_header& ip, const uint8_t* end) noexcept {
  const uint8_t* at = ip.start + ip.header_length;
  const uint32_t claimed = ip.payload_length();
  return {at, claimed, std::min(claimed, static_cast<uint32_t>(end - at))};
}

/// Fills ports, TCP and ICMP fields and the payload of `out`. A packet that is too short by its own
/// lengths for a transport header has ports 0 and no payload: it is a packet all the same. One
/// whose transport header was not captured as far as its ports (TCP: 20 bytes) is
/// truncated_transport.
undecoded read_transport(uint8_t protocol, transport_bytes bytes, packet& out) noexcept;

/// True only if `read_transport` would not fail.
inline bool surely_readable(uint8_t protocol, transport_bytes bytes) noexcept {
  constexpr uint32_t longest_needed = 20; // TCP's
  return bytes.captured >= longest_needed
         && (protocol == ip_protocol::tcp || protocol == ip_protocol::udp);
}

/// The same where no header follows (a later fragment, an unknown protocol): all is payload.
void read_opaque(transport_bytes bytes, packet& out) noexcept;

} // namespace flowactors
