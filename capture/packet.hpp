#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace flowactors {

/// Link types by their LINKTYPE_ number (https://www.tcpdump.org/linktypes.html). Sources translate
/// the DLT_ numbers of libpcap, which differ between systems, into these.
enum class link_type : uint16_t {
  null = 0,
  ethernet = 1,
  ppp = 9,
  ppp_hdlc = 50,
  raw = 101,
  cisco_hdlc = 104,
  loop = 108,
  linux_sll = 113,
  ipv4 = 228,
  ipv6 = 229,
  linux_sll2 = 276,
};

/// One frame as a source hands it over. `data` is valid until the source is read again.
struct frame {
  const uint8_t* data;
  uint32_t captured; ///< bytes at `data`
  uint32_t wire;     ///< bytes that the frame had on the wire, at least `captured`
  int64_t time_ns;   ///< since the epoch, UTC
  link_type link;
  uint32_t share = 0; ///< by which workers share it out, if that is known already; 0 = it is not
};

/// An address in 16 bytes, network order; IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
using address = std::array<uint8_t, 16>;

/// Which tunnel a packet was taken out of (the innermost one).
enum class tunnel_kind : uint8_t { none, ip_in_ip, six_in_four, gre, vxlan, gtp_u, capwap, tzsp };

/// The name of a tunnel, as settings and reports spell it ("none", "ipip", "6in4", "gre", "vxlan",
/// "gtp", "capwap", "tzsp").
const char* to_string(tunnel_kind kind) noexcept;

/// What a packet is to IP fragmentation.
enum class fragment_kind : uint8_t { whole, first, later };

/// TCP flag bits (RFC 9293, 3.1).
namespace tcp_flag {
inline constexpr uint8_t fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32;
}

/// A frame after decoding: the innermost IP packet, pointing into the frame.
/// Lengths that the headers claim are checked against what was captured.
struct packet {
  int64_t time_ns;
  const uint8_t* network;    ///< the innermost IP header
  const uint8_t* payload;    ///< first byte after the transport header
  uint32_t network_captured; ///< captured bytes from `network` to the end of the frame (link
                             ///< padding included)
  uint32_t payload_length;   ///< transport payload as the IP header gives it
  uint32_t payload_captured; ///< how much of it is at `payload`
  uint32_t wire_length;      ///< of the whole frame, outer headers included
  address source;
  address destination;
  uint16_t source_port; ///< host order; 0 where the protocol has none
  uint16_t destination_port;
  uint16_t vlan;      ///< innermost 802.1Q identifier, 0 = none
  uint8_t protocol;   ///< IP protocol number, after IPv6 extension headers
  uint8_t ip_version; ///< 4 or 6
  uint8_t ttl;        ///< or hop limit
  fragment_kind fragment;
  tunnel_kind tunnel;
  uint8_t tcp_flags;        ///< `tcp_flag` bits, 0 if not TCP
  uint32_t tunnel_id;       ///< VNI, TEID or GRE key, 0 = none
  uint32_t sequence;        ///< TCP
  uint32_t acknowledgement; ///< TCP
  uint16_t window;          ///< TCP, not scaled
  uint8_t window_scale;     ///< shift count of a SYN's option (RFC 7323), 0 without
  uint8_t icmp_type;
  uint8_t icmp_code;
  std::array<uint8_t, 6> source_mac; ///< zero where the link has none
  std::array<uint8_t, 6> destination_mac;
};

/// Why a frame could not be made a packet. X-macro: name, sentence.
#define FLOWACTORS_UNDECODED(X)                                                               \
  X(unknown_link, "the link type is not supported")                                           \
  X(truncated_link, "the frame ends inside a link header")                                    \
  X(not_ip, "the frame carries no IP packet (ARP, LLDP, STP, ...)")                           \
  X(truncated_ip, "the frame ends inside an IP header")                                       \
  X(bad_ip_header, "the IP header contradicts itself (version, header length, total length)") \
  X(truncated_transport, "the frame ends inside the transport header")                        \
  X(bad_transport_header, "the transport header contradicts itself")                          \
  X(incomplete, "the packet was cut by the snap length and incomplete = drop")                \
  X(fragment_dropped, "a later fragment, and fragments = drop")                               \
  X(fragment_unknown, "a later fragment whose first one was not seen or is forgotten")        \
  X(too_many_headers, "more IPv6 extension headers, labels or tunnels than the bound allows") \
  X(bad_tunnel, "the tunnel header contradicts itself")

enum class undecoded : uint8_t {
  none,
#define X(name, text) name,
  FLOWACTORS_UNDECODED(X)
#undef X
};

inline constexpr size_t undecoded_count = 1
#define X(name, text) +1
  FLOWACTORS_UNDECODED(X)
#undef X
  ;

/// The reason's name in reports ("truncated_ip").
const char* to_string(undecoded reason) noexcept;

} // namespace flowactors
