#pragma once

#include "capture/decoder.hpp"
#include "capture/ip_layer.hpp"
#include "capture/link_layer.hpp"

#include <cstddef>
#include <cstdint>

namespace flowactors {

inline constexpr uint16_t capwap_data_port = 5247; // RFC 5415, 3.1
inline constexpr uint16_t tzsp_port = 37008;

/// Which tunnels that are switched on a pair of UDP ports stands for.
struct tunnel_ports {
  bool vxlan;
  bool gtp;
  bool tzsp;
  bool capwap;

  bool any() const noexcept { return vxlan || gtp || tzsp || capwap; }
};

inline tunnel_ports find_tunnel_ports(const decoder_options& options, const uint8_t* udp) noexcept {
  const uint16_t source = load16(udp);
  const uint16_t destination = load16(udp + 2);
  const auto either = [source, destination](uint16_t port) {
    return source == port || destination == port;
  };
  return {options.vxlan && destination == options.vxlan_port,
          options.gtp && either(options.gtp_port), options.tzsp && either(tzsp_port),
          options.capwap && either(capwap_data_port)};
}

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

/// False: a packet of this protocol and (for UDP) these ports is no tunnel, without a closer look.
/// `at` = behind its IP header.
inline bool may_be_tunnel(const decoder_options& options, uint8_t protocol,
                          const byte_range& at) noexcept {
  switch (protocol) {
    case ip_protocol::tcp:
      return false;
    case ip_protocol::udp:
      return at.has(8) && find_tunnel_ports(options, at.at).any();
    case ip_protocol::ipv4:
    case ip_protocol::ipv6:
    case ip_protocol::gre:
      return true;
    default:
      return false;
  }
}

/// Opens the tunnel in a packet for which may_be_tunnel() is true. A UDP port is a guess, so such a
/// packet stays what it was unless the tunnel header is whole and consistent and what has the looks
/// of an IP packet stands behind it; GRE likewise. (CAPWAP, off by default, is believed: what is
/// not IP inside, such as management frames, is given up, as ndpiReader does.)
tunnel_finding open_tunnel(const decoder_options& options, const ip_header& outer,
                           const tunnel_payload& payload, tunnel_inside& out) noexcept;

} // namespace flowactors
