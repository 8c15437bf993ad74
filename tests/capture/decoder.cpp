#define CAF_SUITE capture_decoder
#include "capture/decoder.hpp"

#include "tests/capture/decoder_corpus.hpp"
#include "tests/suite.hpp"

#include <map>

using namespace flowactors;
using namespace flowactors::frames;

namespace {

std::string name(undecoded reason) {
  return to_string(reason);
}

std::string name(tunnel_kind kind) {
  return to_string(kind);
}

undecoded decode(const bytes& data, packet& out, const decoder_options& options = {},
                 link_type link = link_type::raw) {
  decoder aut{options};
  return aut.decode(over(data, link), out);
}

address mapped(uint32_t ipv4_address) {
  return {0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0xff,
          0xff,
          static_cast<uint8_t>(ipv4_address >> 24),
          static_cast<uint8_t>(ipv4_address >> 16),
          static_cast<uint8_t>(ipv4_address >> 8),
          static_cast<uint8_t>(ipv4_address)};
}

void check_corpus(const std::vector<corpus_frame>& all) {
  for (const corpus_frame& expected : all) {
    CAF_MESSAGE(expected.name);
    packet out;
    CAF_REQUIRE_EQUAL(name(decode(expected.data, out, all_tunnels(), expected.link)), "none");
    CAF_CHECK_EQUAL(out.protocol, expected.protocol);
    CAF_CHECK_EQUAL(out.source_port, expected.source_port);
    CAF_CHECK_EQUAL(out.destination_port, expected.destination_port);
    CAF_CHECK_EQUAL(out.payload_length, expected.payload_length);
    CAF_CHECK_EQUAL(out.payload_captured, expected.payload_length);
    CAF_CHECK_EQUAL(out.ip_version, expected.ip_version);
    CAF_CHECK_EQUAL(out.vlan, expected.vlan);
    CAF_CHECK_EQUAL(name(out.tunnel), name(expected.tunnel));
    CAF_CHECK_EQUAL(out.tunnel_id, expected.tunnel_id);
    CAF_CHECK_EQUAL(out.source_mac[5], expected.source_mac);
    CAF_CHECK_EQUAL(out.fragment == fragment_kind::whole, true);
    CAF_CHECK_EQUAL(out.wire_length, expected.data.size());
    CAF_CHECK_EQUAL(out.network[0] >> 4, expected.ip_version);
    CAF_CHECK_EQUAL(
      out.network + out.network_captured == expected.data.data() + expected.data.size(), true);
    CAF_CHECK_EQUAL(
      out.payload + out.payload_captured == expected.data.data() + expected.data.size(), true);
    if (expected.tunnel != tunnel_kind::none && expected.ip_version == 4) {
      CAF_CHECK(out.source == mapped(0xc0a80001));
      CAF_CHECK(out.destination == mapped(0xc0a80002));
    }
  }
}

} // namespace

CAF_TEST(every link type gives its IP packet) {
  check_corpus(link_frames());
}

CAF_TEST(every tunnel gives its innermost packet) {
  check_corpus(tunnel_frames());
}

CAF_TEST(every transport gives its ports) {
  check_corpus(transport_frames());
}

CAF_TEST(all fields of a TCP packet over IPv4) {
  const bytes data =
    ethernet(0x0800, ipv4(6,
                          tcp(40000, 443, tcp_flag::syn | tcp_flag::ack, text("hello!"),
                              {.sequence = 0xfedcba98,
                               .acknowledgement = 0x87654321,
                               .window = 0xfffe,
                               .options = {2, 4, 5, 0xb4, 1, 3, 3, 7}}),
                          {.source = 0x01020304, .destination = 0xfffefdfc, .ttl = 57}));
  bytes padded = data;
  padded.resize(data.size() + 9); // link padding is no payload
  decoder aut{{}};
  packet out;
  CAF_REQUIRE_EQUAL(name(aut.decode({padded.data(), uint32_t(padded.size()), 1514,
                                     1234567890123456789, link_type::ethernet},
                                    out)),
                    "none");
  CAF_CHECK_EQUAL(out.time_ns, 1234567890123456789);
  CAF_CHECK_EQUAL(out.network - padded.data(), 14);
  CAF_CHECK_EQUAL(out.payload - padded.data(), 14 + 20 + 28);
  CAF_CHECK_EQUAL(out.network_captured, padded.size() - 14);
  CAF_CHECK_EQUAL(out.payload_length, 6u);
  CAF_CHECK_EQUAL(out.payload_captured, 6u);
  CAF_CHECK_EQUAL(out.wire_length, 1514u);
  CAF_CHECK(out.source == mapped(0x01020304));
  CAF_CHECK(out.destination == mapped(0xfffefdfc));
  CAF_CHECK_EQUAL(out.source_port, 40000);
  CAF_CHECK_EQUAL(out.destination_port, 443);
  CAF_CHECK_EQUAL(out.vlan, 0);
  CAF_CHECK_EQUAL(out.protocol, 6);
  CAF_CHECK_EQUAL(out.ip_version, 4);
  CAF_CHECK_EQUAL(out.ttl, 57);
  CAF_CHECK_EQUAL(out.tcp_flags, tcp_flag::syn | tcp_flag::ack);
  CAF_CHECK_EQUAL(out.sequence, 0xfedcba98);
  CAF_CHECK_EQUAL(out.acknowledgement, 0x87654321);
  CAF_CHECK_EQUAL(out.window, 0xfffe);
  CAF_CHECK_EQUAL(out.window_scale, 7);
  CAF_CHECK_EQUAL(out.icmp_type, 0);
  CAF_CHECK_EQUAL(out.tunnel_id, 0u);
  CAF_CHECK(out.source_mac == (std::array<uint8_t, 6>{2, 0, 0, 0, 0, 0x0a}));
  CAF_CHECK(out.destination_mac == (std::array<uint8_t, 6>{2, 0, 0, 0, 0, 0x0b}));
}

CAF_TEST(nothing of an earlier packet is left in a later one) {
  decoder aut{{}};
  packet out;
  const bytes first = ethernet(
    0x8100, vlan(5, 0x0800,
                 ipv4(47, gre(0x2000, 0x0800, {0, 0, 0, 9},
                              ipv4(6, tcp(1, 2, tcp_flag::syn, {}, {.options = {3, 3, 7, 0}}))))));
  CAF_REQUIRE_EQUAL(name(aut.decode(over(first), out)), "none");
  CAF_REQUIRE_EQUAL(out.window_scale, 7);
  const bytes second = ipv6(58, {129, 3, 0, 0, 0, 0, 0, 0}, {.source = 0x77, .hop_limit = 255});
  CAF_REQUIRE_EQUAL(name(aut.decode(over(second, link_type::raw), out)), "none");
  CAF_CHECK_EQUAL(name(out.tunnel), "none");
  CAF_CHECK_EQUAL(out.tunnel_id, 0u);
  CAF_CHECK_EQUAL(out.vlan, 0);
  CAF_CHECK_EQUAL(out.source_port + out.destination_port, 0);
  CAF_CHECK_EQUAL(out.tcp_flags, 0);
  CAF_CHECK_EQUAL(out.sequence + out.acknowledgement + out.window + out.window_scale, 0u);
  CAF_CHECK_EQUAL(out.icmp_type, 129);
  CAF_CHECK_EQUAL(out.icmp_code, 3);
  CAF_CHECK_EQUAL(out.ttl, 255);
  CAF_CHECK_EQUAL(out.source[0], 0x20);
  CAF_CHECK_EQUAL(out.source[15], 0x77);
  CAF_CHECK_EQUAL(out.destination[15], 2);
  CAF_CHECK(out.source_mac == (std::array<uint8_t, 6>{}));
  CAF_CHECK(out.destination_mac == (std::array<uint8_t, 6>{}));
  CAF_CHECK_EQUAL(out.payload_length, 0u);
}

CAF_TEST(window scale comes from SYN alone and survives odd options) {
  const auto scale = [](uint8_t flags, const bytes& options) {
    packet out;
    CAF_REQUIRE_EQUAL(name(decode(ipv4(6, tcp(1, 2, flags, {}, {.options = options})), out)),
                      "none");
    return out.window_scale;
  };
  CAF_CHECK_EQUAL(scale(tcp_flag::syn, {3, 3, 9, 0}), 9);
  CAF_CHECK_EQUAL(scale(tcp_flag::ack, {3, 3, 9, 0}), 0);
  CAF_CHECK_EQUAL(scale(tcp_flag::syn, {3, 3, 200, 0}), 14); // RFC 7323, 2.3
  CAF_CHECK_EQUAL(scale(tcp_flag::syn, {0, 3, 3, 9}), 0);    // behind the end of the list
  CAF_CHECK_EQUAL(scale(tcp_flag::syn, {8, 0, 3, 3}), 0);    // an option without length
  CAF_CHECK_EQUAL(scale(tcp_flag::syn, {8, 200, 3, 3}), 0);  // one beyond the header
  CAF_CHECK_EQUAL(scale(tcp_flag::syn, {1, 1, 3, 3}), 0);    // cut off
  CAF_CHECK_EQUAL(scale(tcp_flag::syn, {1, 1, 1, 3}), 0);
}

CAF_TEST(a TCP header of impossible length keeps its ports and has no payload) {
  bytes data = ipv4(6, segment());
  for (const uint8_t words : {0, 4, 15}) {
    data[32] = static_cast<uint8_t>(words << 4);
    packet out;
    CAF_REQUIRE_EQUAL(name(decode(data, out)), "none");
    CAF_CHECK_EQUAL(out.source_port, 40000);
    CAF_CHECK_EQUAL(out.payload_length, 0u);
    CAF_CHECK_EQUAL(out.payload_captured, 0u);
  }
}

CAF_TEST(a packet too short for its transport has ports 0) {
  for (const uint8_t protocol : {6, 17, 1, 58, 132, 33, 136}) {
    for (const uint8_t size : {0, 3}) {
      packet out;
      CAF_REQUIRE_EQUAL(name(decode(ipv4(protocol, bytes(size, 9)), out)), "none");
      CAF_CHECK_EQUAL(out.protocol, protocol);
      CAF_CHECK_EQUAL(out.source_port + out.destination_port, 0);
      CAF_CHECK_EQUAL(out.icmp_type + out.icmp_code, 0);
      CAF_CHECK_EQUAL(out.payload_length, 0u);
    }
  }
}

CAF_TEST(a switched off tunnel leaves the outer packet) {
  struct switched {
    tunnel_kind kind;
    bool decoder_options::*by;
  };
  const std::vector<switched> switches{{tunnel_kind::ip_in_ip, &decoder_options::ip_in_ip},
                                       {tunnel_kind::six_in_four, &decoder_options::six_in_four},
                                       {tunnel_kind::gre, &decoder_options::gre},
                                       {tunnel_kind::vxlan, &decoder_options::vxlan},
                                       {tunnel_kind::gtp_u, &decoder_options::gtp},
                                       {tunnel_kind::capwap, &decoder_options::capwap},
                                       {tunnel_kind::tzsp, &decoder_options::tzsp}};
  for (const switched& one : switches) {
    decoder_options options = all_tunnels();
    options.*one.by = false;
    size_t seen = 0;
    for (const corpus_frame& data : tunnel_frames()) {
      packet out;
      CAF_REQUIRE_EQUAL(name(decode(data.data, out, options, data.link)), "none");
      CAF_CHECK(out.tunnel != one.kind);
      if (data.tunnel == one.kind && data.link == link_type::raw) {
        ++seen;
        CAF_CHECK_EQUAL(name(out.tunnel), "none");
        CAF_CHECK(out.network == data.data.data());
        CAF_CHECK(out.protocol != 6);
      }
    }
    CAF_CHECK(seen > 0 || one.kind == tunnel_kind::vxlan);
  }
}

CAF_TEST(tunnel ports can be set) {
  decoder_options options;
  options.vxlan_port = 8472;
  options.gtp_port = 3386;
  packet out;
  const bytes frame4 = ethernet(0x0800, inner4());
  CAF_REQUIRE_EQUAL(name(decode(ipv4(17, udp(1, 8472, vxlan(frame4))), out, options)), "none");
  CAF_CHECK_EQUAL(name(out.tunnel), "vxlan");
  CAF_REQUIRE_EQUAL(name(decode(ipv4(17, udp(8472, 1, vxlan(frame4))), out, options)), "none");
  CAF_CHECK_EQUAL(name(out.tunnel), "none"); // a source port is no VXLAN
  CAF_REQUIRE_EQUAL(name(decode(ipv4(17, udp(1, 4789, vxlan(frame4))), out, options)), "none");
  CAF_CHECK_EQUAL(name(out.tunnel), "none");
  CAF_REQUIRE_EQUAL(name(decode(ipv4(17, udp(3386, 1, gtp(0x30, {}, inner4()))), out, options)),
                    "none");
  CAF_CHECK_EQUAL(name(out.tunnel), "gtp");
}

CAF_TEST(what is not a tunnel after all stays the outer packet) {
  const auto udp_to = [](uint16_t port, const bytes& content) {
    return ipv4(17, udp(50000, port, content));
  };
  const bytes frame4 = ethernet(0x0800, inner4());
  bytes no_vni = vxlan(frame4);
  no_vni[0] = 0;
  bytes wrong_length = inner4();
  wrong_length[3] = 0xff; // claims more than the outer packet holds
  bytes echo = gtp(0x30, {}, inner4());
  echo[1] = 1;
  const std::vector<bytes> all{
    udp_to(4789, {}),
    udp_to(4789, no_vni),
    udp_to(4789, vxlan(ethernet(0x0806, arp()))),
    udp_to(4789, vxlan(ethernet(0x0800, wrong_length))),
    udp_to(2152, text("hello, this is not GTP, whatever its port says")),
    udp_to(2152, echo),
    udp_to(2152, gtp(0x30, {}, wrong_length)),
    udp_to(2152, gtp(0x30, {}, text("an Ethernet frame, or what else"))),
    udp_to(2152, gtp(0x34, {0, 0, 0, 0x85, 0}, inner4())),
    udp_to(2152, gtp(0x34, {0, 0, 0, 0x85, 99, 0, 0, 0}, inner4())),
    udp_to(37008, tzsp({1}, ethernet(0x0806, arp()))),
    udp_to(37008, tzsp({10, 200}, frame4)),
    udp_to(37008, tzsp({0, 0, 0}, {})),
    udp_to(5247, {1, 0x20, 3}),
    ipv4(47, {0, 0}),
    ipv4(47, gre(0, 0x0800, {}, wrong_length)),
    ipv4(47, gre(2, 0x0800, {}, inner4())),
    ipv4(47, gre(1, 0x0800, {}, inner4())),
    ipv4(47, gre(0, 0x0806, {}, arp())),
    ipv4(47, gre(0x4000, 0x0800, {0, 0, 0, 0, 8, 0, 0, 250, 1, 2}, inner4())),
  };
  for (const bytes& data : all) {
    packet out;
    CAF_REQUIRE_EQUAL(name(decode(data, out, all_tunnels())), "none");
    CAF_CHECK_EQUAL(name(out.tunnel), "none");
    CAF_CHECK_EQUAL(out.tunnel_id, 0u);
    CAF_CHECK(out.network == data.data());
    CAF_CHECK_EQUAL(out.payload_length, data.size() - 20 - (out.protocol == 17 ? 8 : 0));
  }
}

CAF_TEST(what stands behind the end of the outer packet is no tunnel) {
  const bytes frame4 = ethernet(0x0800, inner4());
  const std::vector<bytes> all{
    join(ipv4(17, udp(1, 4789)), vxlan(frame4)),
    join(ipv4(17, udp(1, 2152)), gtp(0x30, {}, inner4())),
    join(ipv4(47, {}), gre(0, 0x0800, {}, inner4())),
    join(ipv4(17, bytes(4)), join({0, 0, 0, 0}, vxlan(frame4))),
  };
  for (const bytes& data : all) {
    packet out;
    CAF_REQUIRE_EQUAL(name(decode(data, out)), "none");
    CAF_CHECK_EQUAL(name(out.tunnel), "none");
    CAF_CHECK_EQUAL(out.payload_length, 0u);
  }
}

CAF_TEST(as many headers as the bound allows and not one more) {
  decoder_options options;
  options.max_headers = 16;
  const auto tags = [](size_t count) {
    bytes content = vlan(1, 0x0800, ipv4(6, segment()));
    for (size_t i = 1; i < count; ++i)
      content = vlan(1, 0x8100, content);
    return ethernet(0x8100, content);
  };
  const auto labels = [](size_t count) {
    bytes out;
    for (size_t i = 1; i < count; ++i)
      out = join(out, {0, 1, 0, 64});
    return ethernet(0x8847, join(join(out, {0, 1, 1, 64}), ipv4(6, segment())));
  };
  const auto extensions = [](size_t count) {
    bytes out = extension(6, segment());
    for (size_t i = 1; i < count; ++i)
      out = extension(60, out);
    return ethernet(0x86dd, ipv6(60, out));
  };
  const auto tunnels = [](size_t count) {
    bytes out = ipv4(6, segment());
    for (size_t i = 0; i < count; ++i)
      out = ipv4(4, out);
    return ethernet(0x0800, out);
  };
  const std::vector<bytes (*)(size_t)> makers{tags, labels, extensions, tunnels};
  for (const auto& make : makers) {
    packet out;
    CAF_CHECK_EQUAL(name(decode(make(16), out, options, link_type::ethernet)), "none");
    CAF_CHECK_EQUAL(name(decode(make(17), out, options, link_type::ethernet)), "too_many_headers");
    CAF_CHECK_EQUAL(name(decode(make(300), out, options, link_type::ethernet)), "too_many_headers");
  }
}

CAF_TEST(segments without a length take that of the frame) {
  const bytes data =
    ethernet(0x0800, ipv4(6, tcp(1, 2, tcp_flag::ack, bytes(3000, 7)), {.total_length = 0}));
  packet out;
  CAF_REQUIRE_EQUAL(name(decode(data, out, {}, link_type::ethernet)), "none");
  CAF_CHECK_EQUAL(out.payload_length, 3000u);
  decoder_options whole;
  whole.keep_incomplete = false;
  CAF_CHECK_EQUAL(name(decode(data, out, whole, link_type::ethernet)), "incomplete");
  const bytes jumbo =
    ipv6(0, extension(6, tcp(1, 2, tcp_flag::ack, bytes(70000, 7))), {.payload_length = 0});
  CAF_REQUIRE_EQUAL(name(decode(jumbo, out)), "none");
  CAF_CHECK_EQUAL(out.payload_length, 70000u);
}

CAF_TEST(a frame cut by the snap length is decoded as far as it goes) {
  const bytes data = ethernet(
    0x0800, ipv4(6, tcp(40000, 443, tcp_flag::syn, bytes(100, 7), {.options = {1, 3, 3, 7}})));
  decoder aut{{}};
  const auto cut = [&](uint32_t captured, packet& out) {
    return name(
      aut.decode({data.data(), captured, uint32_t(data.size()), 1, link_type::ethernet}, out));
  };
  packet out;
  CAF_REQUIRE_EQUAL(cut(14 + 20 + 24 + 10, out), "none");
  CAF_CHECK_EQUAL(out.payload_length, 100u);
  CAF_CHECK_EQUAL(out.payload_captured, 10u);
  CAF_CHECK_EQUAL(out.window_scale, 7);
  CAF_REQUIRE_EQUAL(cut(14 + 20 + 20, out), "none");
  CAF_CHECK_EQUAL(out.source_port, 40000);
  CAF_CHECK_EQUAL(out.payload_length, 100u);
  CAF_CHECK_EQUAL(out.payload_captured, 0u);
  CAF_CHECK_EQUAL(out.window_scale, 0);
  CAF_CHECK_EQUAL(out.wire_length, data.size());
  CAF_CHECK_EQUAL(cut(14 + 20 + 19, out), "truncated_transport");
  CAF_CHECK_EQUAL(cut(14 + 19, out), "truncated_ip");
  CAF_CHECK_EQUAL(cut(13, out), "truncated_link");
}

CAF_TEST(every reason for not decoding can be had) {
  struct refused {
    std::string reason;
    link_type link;
    bytes data;
    bool strict = false;
  };
  bytes short_dccp = bytes(16);
  short_dccp[4] = 2;
  bytes many;
  for (int i = 0; i < 20; ++i)
    many = join(many, {0, 1, 0, 64});
  bytes bad_header = inner4();
  bad_header[0] = 0x44;
  const bytes later = ipv4(17, bytes(16), {.fragment = 2});
  bytes cut = ipv4(17, udp(1, 2, bytes(30)));
  cut.resize(40);
  bytes no_transport = cut;
  no_transport.resize(23);
  const std::vector<refused> all{
    {"unknown_link", static_cast<link_type>(147), inner4()},
    {"truncated_link", link_type::ethernet, bytes(13)},
    {"truncated_link", link_type::ethernet, ethernet(0x8100, {0, 1, 8})},
    {"truncated_link", link_type::null, {2, 0, 0}},
    {"truncated_link", link_type::linux_sll2, bytes(19)},
    {"not_ip", link_type::ethernet, ethernet(0x0806, arp())},
    {"not_ip", link_type::ethernet, ethernet(38, join({0x42, 0x42, 3}, bytes(35)))},
    {"not_ip", link_type::ethernet, ethernet(0x8863, join({0x11, 9, 0, 0, 0, 4}, bytes(40)))},
    {"not_ip", link_type::ppp, join({0xff, 3, 0xc0, 0x21}, bytes(30))},
    {"not_ip", link_type::null, join({7, 0, 0, 0}, bytes(30))},
    {"truncated_ip", link_type::raw, bytes(19, 0x45)},
    {"truncated_ip", link_type::raw, {}},
    {"truncated_ip", link_type::ethernet, ethernet(0x86dd, bytes(39, 0x60))},
    {"bad_ip_header", link_type::raw, bad_header},
    {"bad_ip_header", link_type::raw, bytes(40, 0x55)},
    {"bad_ip_header", link_type::raw, ipv4(17, bytes(8), {.total_length = 19})},
    {"bad_ip_header", link_type::raw, ipv6(60, {6, 9, 0, 0, 0, 0, 0, 0})},
    {"truncated_transport", link_type::raw, no_transport},
    {"bad_transport_header", link_type::raw, ipv4(33, short_dccp)},
    {"incomplete", link_type::raw, cut, true},
    {"fragment_dropped", link_type::raw, later, true},
    {"fragment_unknown", link_type::raw, later},
    {"too_many_headers", link_type::ethernet, ethernet(0x8847, many)},
    {"bad_tunnel", link_type::raw, ipv4(4, bytes(30, 0x77))},
    {"bad_tunnel", link_type::raw, ipv4(41, {})},
    {"not_ip", link_type::raw,
     ipv4(17, udp(1, 5247, capwap(0, 0, 0, inner4())))}, // a management frame
  };
  std::map<std::string, int> produced;
  for (const refused& one : all) {
    decoder_options options = all_tunnels();
    options.follow_fragments = !one.strict;
    options.keep_incomplete = !one.strict;
    packet out;
    const std::string reason = name(decode(one.data, out, options, one.link));
    CAF_CHECK_EQUAL(reason, one.reason);
    ++produced[reason];
  }
  CAF_CHECK_EQUAL(produced.size(), undecoded_count - 1);
  CAF_CHECK_EQUAL(produced.count("none"), 0u);
}
