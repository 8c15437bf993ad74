#pragma once

#include "capture/ip_layer.hpp"
#include "capture/packet.hpp"

namespace flowactors {

/// Fills ports, TCP and ICMP fields and the payload of `out` from what follows the header `ip`;
/// `end` = end of the captured bytes. A packet that is too short by its own lengths for a transport
/// header has ports 0 and no payload: it is a packet all the same. One whose transport header was
/// not captured as far as its ports (TCP: 20 bytes) is truncated_transport.
undecoded read_transport(const ip_header& ip, const uint8_t* end, packet& out) noexcept;

/// The payload of a packet of which no header follows `ip` (a later fragment, an unknown protocol).
void read_opaque(const ip_header& ip, const uint8_t* end, packet& out) noexcept;

} // namespace flowactors
