#pragma once
// A frame of each link type, tag, tunnel and transport, with what must come out: shared by the
// tests of the decoder.

#include "capture/decoder.hpp"
#include "tests/capture/frames.hpp"

#include <string>
#include <vector>

namespace flowactors::frames {

struct corpus_frame {
  std::string name;
  link_type link;
  bytes data;
  uint8_t protocol = 6;
  uint16_t source_port = 40000;
  uint16_t destination_port = 443;
  uint32_t payload_length = 5;
  uint8_t ip_version = 4;
  uint16_t vlan = 0;
  tunnel_kind tunnel = tunnel_kind::none;
  uint32_t tunnel_id = 0;
  uint8_t source_mac = 0; ///< last byte, 0 = no address
};

inline bytes segment() {
  return tcp(40000, 443, tcp_flag::ack, text("hello"));
}
inline bytes inner4() {
  return ipv4(6, segment(), {.source = 0xc0a80001, .destination = 0xc0a80002});
}
inline bytes inner6() {
  return ipv6(6, segment());
}

inline bytes gre(uint16_t flags, uint16_t type, const bytes& fields, const bytes& content) {
  bytes out;
  put16(out, flags);
  put16(out, type);
  return join(join(out, fields), content);
}

inline bytes vxlan(const bytes& content) {
  return join({8, 0, 0, 0, 0, 0x12, 0x34, 0}, content);
}

inline bytes gtp(uint8_t flags, const bytes& options, const bytes& content) {
  bytes out{flags, 0xff};
  put16(out, static_cast<uint32_t>(options.size() + content.size()));
  put32(out, 0xabcdef01);
  return join(join(out, options), content);
}

inline bytes snap(uint16_t type, const bytes& content) {
  bytes out{0xaa, 0xaa, 3, 0, 0, 0};
  put16(out, type);
  return join(out, content);
}

/// CAPWAP with 16 bytes of header, then 802.11 with `control` and `extra` bytes beyond 24, then
/// SNAP.
inline bytes capwap(uint8_t control, uint8_t direction, size_t extra, const bytes& content) {
  bytes out{0, 0x20, 1, 0x20};
  out.resize(16);
  bytes wireless{control, direction};
  wireless.resize(24 + extra);
  return join(out, join(wireless, snap(0x0800, content)));
}

inline bytes tzsp(const bytes& tags, const bytes& content) {
  return join(join({1, 0, 0, 1}, tags), content);
}

inline bytes cooked1(uint16_t type, const bytes& content) {
  bytes out{0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 0x0c, 0, 0};
  put16(out, type);
  return join(out, content);
}

inline bytes cooked2(uint16_t type, const bytes& content) {
  bytes out;
  put16(out, type);
  return join(join(out, {0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 0x0d, 0, 0}), content);
}

/// Everything off by default is on.
inline decoder_options all_tunnels() {
  decoder_options options;
  options.capwap = true;
  options.tzsp = true;
  return options;
}

inline std::vector<corpus_frame> link_frames() {
  const link_type eth = link_type::ethernet;
  const bytes ip4 = ipv4(6, segment());
  const bytes ip6 = ipv6(6, segment());
  const bytes ppp4 = join({0, 0x21}, ip4);
  const bytes pppoe = join({0x11, 0, 0, 7, 0, 0}, ppp4);
  return {
    {.name = "Ethernet II, IPv4", .link = eth, .data = ethernet(0x0800, ip4), .source_mac = 0x0a},
    {.name = "Ethernet II, IPv6",
     .link = eth,
     .data = ethernet(0x86dd, ip6),
     .ip_version = 6,
     .source_mac = 0x0a},
    {.name = "802.3, LLC, SNAP",
     .link = eth,
     .data = ethernet(53, snap(0x0800, ip4)),
     .source_mac = 0x0a},
    {.name = "802.3, SNAP, 802.1Q",
     .link = eth,
     .data = ethernet(57, snap(0x8100, vlan(9, 0x0800, ip4))),
     .vlan = 9,
     .source_mac = 0x0a},
    {.name = "802.1Q",
     .link = eth,
     .data = ethernet(0x8100, vlan(100, 0x0800, ip4)),
     .vlan = 100,
     .source_mac = 0x0a},
    {.name = "802.1Q, LLC",
     .link = eth,
     .data = ethernet(0x8100, vlan(100, 53, snap(0x0800, ip4))),
     .vlan = 100,
     .source_mac = 0x0a},
    {.name = "QinQ 88a8",
     .link = eth,
     .data = ethernet(0x88a8, vlan(7, 0x8100, vlan(8, 0x86dd, ip6))),
     .ip_version = 6,
     .vlan = 8,
     .source_mac = 0x0a},
    {.name = "QinQ 9100",
     .link = eth,
     .data = ethernet(0x9100, vlan(7, 0x8100, vlan(4094, 0x0800, ip4))),
     .vlan = 4094,
     .source_mac = 0x0a},
    {.name = "priority tag inside",
     .link = eth,
     .data = ethernet(0x8100, vlan(7, 0x8100, vlan(0, 0x0800, ip4))),
     .vlan = 0,
     .source_mac = 0x0a},
    {.name = "damaged EtherType", .link = eth, .data = ethernet(0x0877, ip4), .source_mac = 0x0a},
    {.name = "MPLS",
     .link = eth,
     .data = ethernet(0x8847, join({0, 1, 1, 64}, ip4)),
     .source_mac = 0x0a},
    {.name = "MPLS, two labels, IPv6",
     .link = eth,
     .data = ethernet(0x8848, join({0, 1, 0, 64, 0, 2, 1, 64}, ip6)),
     .ip_version = 6,
     .source_mac = 0x0a},
    {.name = "MPLS pseudowire",
     .link = eth,
     .data = ethernet(0x8847, join({0, 1, 1, 64, 0, 0, 0, 9}, ethernet(0x0800, ip4, 0x1b, 0x1a))),
     .source_mac = 0x1a},
    {.name = "PPPoE", .link = eth, .data = ethernet(0x8864, pppoe), .source_mac = 0x0a},
    {.name = "802.1Q, PPPoE, compressed, IPv6",
     .link = eth,
     .data = ethernet(0x8100, vlan(3, 0x8864, join({0x11, 0, 0, 7, 0, 0, 0x57}, ip6))),
     .ip_version = 6,
     .vlan = 3,
     .source_mac = 0x0a},
    {.name = "PPPoE, MPLS",
     .link = eth,
     .data = ethernet(0x8864, join({0x11, 0, 0, 7, 0, 0, 2, 0x81, 0, 1, 1, 64}, ip4)),
     .source_mac = 0x0a},
    {.name = "cooked v1",
     .link = link_type::linux_sll,
     .data = cooked1(0x0800, ip4),
     .source_mac = 0x0c},
    {.name = "cooked v1, 802.1Q",
     .link = link_type::linux_sll,
     .data = cooked1(0x8100, vlan(5, 0x86dd, ip6)),
     .ip_version = 6,
     .vlan = 5,
     .source_mac = 0x0c},
    {.name = "cooked v1, LLC",
     .link = link_type::linux_sll,
     .data = cooked1(4, snap(0x0800, ip4)),
     .source_mac = 0x0c},
    {.name = "cooked v2",
     .link = link_type::linux_sll2,
     .data = cooked2(0x86dd, ip6),
     .ip_version = 6,
     .source_mac = 0x0d},
    {.name = "raw IPv4", .link = link_type::raw, .data = ip4},
    {.name = "raw IPv6", .link = link_type::raw, .data = ip6, .ip_version = 6},
    {.name = "link IPv4", .link = link_type::ipv4, .data = ip4},
    {.name = "link IPv6", .link = link_type::ipv6, .data = ip6, .ip_version = 6},
    {.name = "null, little-endian", .link = link_type::null, .data = join({2, 0, 0, 0}, ip4)},
    {.name = "null, big-endian", .link = link_type::null, .data = join({0, 0, 0, 2}, ip4)},
    {.name = "null, IPv6 of Linux",
     .link = link_type::null,
     .data = join({10, 0, 0, 0}, ip6),
     .ip_version = 6},
    {.name = "null, IPv6 of NetBSD",
     .link = link_type::null,
     .data = join({24, 0, 0, 0}, ip6),
     .ip_version = 6},
    {.name = "null, IPv6 of FreeBSD",
     .link = link_type::null,
     .data = join({0, 0, 0, 28}, ip6),
     .ip_version = 6},
    {.name = "null, IPv6 of Darwin",
     .link = link_type::null,
     .data = join({30, 0, 0, 0}, ip6),
     .ip_version = 6},
    {.name = "loop", .link = link_type::loop, .data = join({0, 0, 0, 24}, ip6), .ip_version = 6},
    {.name = "PPP", .link = link_type::ppp, .data = ppp4},
    {.name = "PPP, address and control", .link = link_type::ppp, .data = join({0xff, 3}, ppp4)},
    {.name = "PPP, Cisco's framing", .link = link_type::ppp, .data = join({0x0f, 0, 8, 0}, ip4)},
    {.name = "PPP in HDLC",
     .link = link_type::ppp_hdlc,
     .data = join({0xff, 3, 0, 0x57}, ip6),
     .ip_version = 6},
    {.name = "Cisco HDLC", .link = link_type::cisco_hdlc, .data = join({0x8f, 0, 8, 0}, ip4)},
    {.name = "Cisco HDLC, MPLS",
     .link = link_type::cisco_hdlc,
     .data = join({0x0f, 0, 0x88, 0x47, 0, 1, 1, 64}, ip4)},
  };
}

inline std::vector<corpus_frame> tunnel_frames() {
  const link_type raw = link_type::raw;
  const bytes frame4 = ethernet(0x0800, inner4(), 0x2b, 0x2a);
  const auto over_udp = [](uint16_t port, const bytes& content) {
    return ipv4(17, udp(50000, port, content));
  };
  return {
    {.name = "IPv4 in IPv4",
     .link = raw,
     .data = ipv4(4, inner4()),
     .tunnel = tunnel_kind::ip_in_ip},
    {.name = "IPv4 in IPv6",
     .link = raw,
     .data = ipv6(4, inner4()),
     .tunnel = tunnel_kind::ip_in_ip},
    {.name = "IPv6 in IPv6",
     .link = raw,
     .data = ipv6(60, extension(41, inner6())),
     .ip_version = 6,
     .tunnel = tunnel_kind::ip_in_ip},
    {.name = "IPv6 in IPv4",
     .link = raw,
     .data = ipv4(41, inner6()),
     .ip_version = 6,
     .tunnel = tunnel_kind::six_in_four},
    {.name = "GRE",
     .link = raw,
     .data = ipv4(47, gre(0, 0x0800, {}, inner4())),
     .tunnel = tunnel_kind::gre},
    {.name = "GRE, checksum, key, sequence",
     .link = raw,
     .data = ipv4(47, gre(0xb000, 0x86dd, {1, 2, 0, 0, 0, 0, 0, 77, 0, 0, 0, 1}, inner6())),
     .ip_version = 6,
     .tunnel = tunnel_kind::gre,
     .tunnel_id = 77},
    {.name = "GRE, routing",
     .link = raw,
     .data =
       ipv4(47, gre(0x4000, 0x0800, {0, 0, 0, 0, 8, 0, 0, 4, 10, 0, 0, 9, 0, 0, 0, 0}, inner4())),
     .tunnel = tunnel_kind::gre},
    {.name = "GRE, bridged Ethernet",
     .link = raw,
     .data = ipv4(47, gre(0x2000, 0x6558, {0, 0x12, 0x34, 0}, frame4)),
     .tunnel = tunnel_kind::gre,
     .tunnel_id = 0x123400,
     .source_mac = 0x2a},
    {.name = "GRE, MPLS",
     .link = raw,
     .data = ipv6(47, gre(0, 0x8847, {}, join({0, 1, 1, 64}, inner4()))),
     .tunnel = tunnel_kind::gre},
    {.name = "PPTP",
     .link = raw,
     .data = ipv4(47, gre(0x3081, 0x880b, {0, 47, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1},
                          join({0xff, 3, 0, 0x21}, inner4()))),
     .tunnel = tunnel_kind::gre,
     .tunnel_id = 9},
    {.name = "VXLAN",
     .link = link_type::ethernet,
     .data = ethernet(0x0800, over_udp(4789, vxlan(frame4))),
     .tunnel = tunnel_kind::vxlan,
     .tunnel_id = 0x1234,
     .source_mac = 0x2a},
    {.name = "VXLAN, tags outside and inside",
     .link = link_type::ethernet,
     .data = ethernet(
       0x8100, vlan(5, 0x0800, over_udp(4789, vxlan(ethernet(0x8100, vlan(6, 0x0800, inner4())))))),
     .vlan = 6,
     .tunnel = tunnel_kind::vxlan,
     .tunnel_id = 0x1234,
     .source_mac = 0x0a},
    {.name = "VXLAN, tag outside",
     .link = link_type::ethernet,
     .data = ethernet(0x8100, vlan(5, 0x0800, over_udp(4789, vxlan(frame4)))),
     .vlan = 5,
     .tunnel = tunnel_kind::vxlan,
     .tunnel_id = 0x1234,
     .source_mac = 0x2a},
    {.name = "GTP-U",
     .link = raw,
     .data = over_udp(2152, gtp(0x30, {}, inner4())),
     .tunnel = tunnel_kind::gtp_u,
     .tunnel_id = 0xabcdef01},
    {.name = "GTP-U over IPv6, sequence",
     .link = raw,
     .data = ipv6(17, udp(2152, 1, gtp(0x32, {0, 1, 0, 0}, inner6()))),
     .ip_version = 6,
     .tunnel = tunnel_kind::gtp_u,
     .tunnel_id = 0xabcdef01},
    {.name = "GTP-U, extensions",
     .link = raw,
     .data =
       over_udp(2152, gtp(0x34, {0, 0, 0, 0x85, 1, 0, 0, 0x40, 2, 0, 0, 0, 0, 0, 0, 0}, inner4())),
     .tunnel = tunnel_kind::gtp_u,
     .tunnel_id = 0xabcdef01},
    {.name = "CAPWAP, data",
     .link = raw,
     .data = over_udp(5247, capwap(0x08, 1, 0, inner4())),
     .tunnel = tunnel_kind::capwap},
    {.name = "CAPWAP, control bytes swapped",
     .link = raw,
     .data = over_udp(5247, capwap(1, 0x08, 0, inner4())),
     .tunnel = tunnel_kind::capwap},
    {.name = "CAPWAP, QoS between access points",
     .link = raw,
     .data = over_udp(5247, capwap(0x88, 3, 8, inner4())),
     .tunnel = tunnel_kind::capwap},
    {.name = "CAPWAP, 802.3",
     .link = raw,
     .data = over_udp(5247, join({0, 0x10, 0, 0, 0, 0, 0, 0}, frame4)),
     .tunnel = tunnel_kind::capwap,
     .source_mac = 0x2a},
    {.name = "TZSP",
     .link = raw,
     .data = over_udp(37008, tzsp({1}, frame4)),
     .tunnel = tunnel_kind::tzsp,
     .source_mac = 0x2a},
    {.name = "TZSP, tags",
     .link = raw,
     .data = over_udp(37008, tzsp({0, 10, 1, 0xd8, 0x12, 2, 1, 2, 1}, frame4)),
     .tunnel = tunnel_kind::tzsp,
     .source_mac = 0x2a},
    {.name = "GTP-U in VXLAN in GRE in 6in4",
     .link = link_type::ethernet,
     .data = ethernet(
       0x0800,
       ipv4(41, ipv6(47, gre(0, 0x0800, {},
                             over_udp(
                               4789, vxlan(ethernet(0x0800, over_udp(2152, gtp(0x30, {}, inner4())),
                                                    0x3b, 0x3a))))))),
     .tunnel = tunnel_kind::gtp_u,
     .tunnel_id = 0xabcdef01,
     .source_mac = 0x3a},
  };
}

inline std::vector<corpus_frame> transport_frames() {
  const link_type raw = link_type::raw;
  const bytes ports{0x9c, 0x40, 1, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0};
  const bytes authentication{6, 4, 0, 0, 0, 0, 0, 1, 0, 0,  0,  1,
                             1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  bytes dccp = ports;
  dccp[4] = 4;
  return {
    {.name = "UDP", .link = raw, .data = ipv4(17, udp(40000, 443, text("hello"))), .protocol = 17},
    {.name = "UDP-Lite",
     .link = raw,
     .data = ipv6(136, udp(40000, 443, text("hello"))),
     .protocol = 136,
     .ip_version = 6},
    {.name = "SCTP", .link = raw, .data = ipv4(132, join(ports, text("hello"))), .protocol = 132},
    {.name = "DCCP", .link = raw, .data = ipv4(33, join(dccp, text("1234hello"))), .protocol = 33},
    {.name = "IPv4 options", .link = raw, .data = ipv4(6, segment(), {.options = {1, 1, 1, 0}})},
    {.name = "extension headers",
     .link = raw,
     .data = ipv6(0, extension(43, extension(60, extension(51, join(authentication, segment()))))),
     .ip_version = 6},
    {.name = "mobility, then TCP",
     .link = raw,
     .data = ipv6(135, extension(6, segment())),
     .ip_version = 6},
    {.name = "mobility, alone",
     .link = raw,
     .data = ipv6(135, extension(59, {})),
     .protocol = 135,
     .source_port = 0,
     .destination_port = 0,
     .payload_length = 8,
     .ip_version = 6},
    {.name = "no next header",
     .link = raw,
     .data = ipv6(59, text("hello")),
     .protocol = 59,
     .source_port = 0,
     .destination_port = 0,
     .ip_version = 6},
    {.name = "atomic fragment",
     .link = raw,
     .data = ipv6(44, fragment6(6, 0, false, 7, segment())),
     .ip_version = 6},
    {.name = "ICMP",
     .link = raw,
     .data = ipv4(1, join({8, 0, 0, 0, 0, 1, 0, 1}, text("hello"))),
     .protocol = 1,
     .source_port = 0,
     .destination_port = 0},
    {.name = "ICMPv6",
     .link = raw,
     .data = ipv6(58, join({135, 0, 0, 0, 0, 0, 0, 0}, text("hello"))),
     .protocol = 58,
     .source_port = 0,
     .destination_port = 0,
     .ip_version = 6},
    {.name = "ESP",
     .link = raw,
     .data = ipv4(50, text("hello")),
     .protocol = 50,
     .source_port = 0,
     .destination_port = 0},
    {.name = "AH over IPv4",
     .link = raw,
     .data = ipv4(51, text("hello")),
     .protocol = 51,
     .source_port = 0,
     .destination_port = 0},
  };
}

inline std::vector<corpus_frame> corpus() {
  std::vector<corpus_frame> out = link_frames();
  for (const auto& more : {tunnel_frames(), transport_frames()})
    out.insert(out.end(), more.begin(), more.end());
  return out;
}

} // namespace flowactors::frames
