#pragma once

#include "capture/decoder.hpp"
#include "capture/ip_layer.hpp"
#include "capture/link_layer.hpp"

#include <cstddef>
#include <cstdint>

namespace flowactors {

/// The payload of an outer packet that may be a tunnel.
struct tunnel_payload {
  byte_range at;
  size_t claimed; ///< bytes by the outer packet's own length; no bound if it is the first of
                  ///< several fragments
};

/// What a tunnel header says about the packet inside.
struct tunnel_inside {
  byte_range at; ///< where its IP header stands
  tunnel_kind kind;
  undecoded reason; ///< of given_up
  uint32_t id;      ///< VNI, TEID or key, 0 = none
  link_headers link;
};

enum class tunnel_finding : uint8_t {
  no_tunnel, ///< or one that is switched off or holds no IP: the outer packet stays
  opened,    ///< the rest of `tunnel_inside` is filled
  given_up,  ///< `reason` says why there is no packet in this frame
};

/// Opens a tunnel that an IP protocol number promises (4, 41, 47).
tunnel_finding open_ip_tunnel(const decoder_options& options, const ip_header& outer,
                              const tunnel_payload& payload, tunnel_inside& out) noexcept;

/// Opens a tunnel that a UDP port promises. A port is a guess, so the packet stays what it was
/// unless the tunnel header is whole and consistent, and an IP packet with the looks of one stands
/// behind it. (CAPWAP, off by default, is believed: what is not IP inside, such as management
/// frames, is given up, as ndpiReader does it.) `payload` begins at the UDP header.
tunnel_finding open_udp_tunnel(const decoder_options& options, const tunnel_payload& payload,
                               tunnel_inside& out) noexcept;

} // namespace flowactors
