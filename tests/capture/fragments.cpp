#define CAF_SUITE capture_fragments
#include "capture/fragments.hpp"

#include "capture/decoder.hpp"
#include "tests/capture/decoder_corpus.hpp"
#include "tests/suite.hpp"

using namespace flowactors;
using namespace flowactors::frames;

namespace {

constexpr int64_t second = 1'000'000'000;

datagram_key key(uint32_t identification) {
  return {{1}, {2}, identification, 0, 17};
}

datagram_flow flow(uint16_t port) {
  return {{}, {}, 0, port, 53, 0, 17, 4, tunnel_kind::none, 0, 0};
}

// The port of the flow, 0 = not found.
int port_of(const fragment_cache& cache, const datagram_key& of, int64_t time_ns = 0) {
  const datagram_flow* found = cache.find(of, time_ns);
  return found == nullptr ? 0 : found->source_port;
}

// A UDP datagram of 1000 bytes payload from port 7 to 9, in three IPv4 fragments.
bytes piece(uint16_t index, uint16_t identification, ipv4_fields fields = {}) {
  const bytes whole = udp(7, 9, bytes(1000, 0x55));
  const size_t begin = index * 400u;
  const size_t end = std::min<size_t>(begin + 400, whole.size());
  fields.identification = identification;
  fields.fragment = static_cast<uint16_t>(begin / 8 | (end < whole.size() ? 0x2000 : 0));
  return ipv4(17, bytes(whole.begin() + begin, whole.begin() + end), fields);
}

struct fixture {
  explicit fixture(const decoder_options& options = {}) : aut(options) {}

  std::string decode(const bytes& data, int64_t time_ns = second, link_type link = link_type::raw) {
    return to_string(aut.decode(over(data, link, time_ns), out));
  }

  decoder aut;
  packet out;
};

} // namespace

CAF_TEST(the cache tells datagrams apart by each part of their key) {
  fragment_cache cache{16, second};
  cache.remember(key(1), flow(11), 0);
  CAF_CHECK_EQUAL(port_of(cache, key(1)), 11);
  for (int part = 0; part < 5; ++part) {
    datagram_key other = key(1);
    switch (part) {
      case 0:
        other.source[15] = 9;
        break;
      case 1:
        other.destination[15] = 9;
        break;
      case 2:
        other.identification = 0x10001;
        break;
      case 3:
        other.vlan = 9;
        break;
      default:
        other.protocol = 6;
    }
    CAF_CHECK_EQUAL(port_of(cache, other), 0);
  }
}

CAF_TEST(the cache forgets the oldest when it is full) {
  fragment_cache cache{4, second};
  for (uint16_t i = 1; i <= 1000; ++i) {
    cache.remember(key(i), flow(i), 0);
    for (uint16_t j = 1; j <= i; ++j) {
      if (j + 8 >= i || j == 1)
        CAF_CHECK_EQUAL(port_of(cache, key(j)), j + 4 > i ? j : 0);
    }
  }
}

CAF_TEST(the cache takes a first fragment that comes again as a new one) {
  fragment_cache cache{3, 10 * second};
  cache.remember(key(1), flow(11), 0);
  cache.remember(key(2), flow(12), 0);
  cache.remember(key(1), flow(21), 5 * second);
  CAF_CHECK_EQUAL(port_of(cache, key(1), 12 * second), 21);
  cache.remember(key(3), flow(13), 6 * second);
  cache.remember(key(4), flow(14), 6 * second); // 2 was the oldest
  CAF_CHECK_EQUAL(port_of(cache, key(1), 7 * second), 21);
  CAF_CHECK_EQUAL(port_of(cache, key(2), 7 * second), 0);
  CAF_CHECK_EQUAL(port_of(cache, key(3), 7 * second), 13);
  CAF_CHECK_EQUAL(port_of(cache, key(4), 7 * second), 14);
}

CAF_TEST(the cache uses nothing beyond its lifetime in either direction of time) {
  fragment_cache cache{4, 30 * second};
  cache.remember(key(1), flow(11), 100 * second);
  CAF_CHECK_EQUAL(port_of(cache, key(1), 130 * second), 11);
  CAF_CHECK_EQUAL(port_of(cache, key(1), 130 * second + 1), 0);
  CAF_CHECK_EQUAL(port_of(cache, key(1), 70 * second), 11);
  CAF_CHECK_EQUAL(port_of(cache, key(1), 70 * second - 1), 0);
  CAF_CHECK_EQUAL(port_of(cache, key(1), INT64_MIN), 0);
}

CAF_TEST(a cache without room remembers nothing) {
  fragment_cache cache{0, second};
  cache.remember(key(1), flow(11), 0);
  CAF_CHECK_EQUAL(port_of(cache, key(1)), 0);
}

CAF_TEST(later fragments have the ports of their first one) {
  fixture f;
  CAF_REQUIRE_EQUAL(f.decode(piece(0, 77)), "none");
  CAF_CHECK(f.out.fragment == fragment_kind::first);
  CAF_CHECK_EQUAL(f.out.payload_length, 392u);
  for (const uint16_t index : {2, 1}) { // in any order
    const bytes data = piece(index, 77);
    CAF_REQUIRE_EQUAL(f.decode(data), "none");
    CAF_CHECK(f.out.fragment == fragment_kind::later);
    CAF_CHECK_EQUAL(f.out.source_port, 7);
    CAF_CHECK_EQUAL(f.out.destination_port, 9);
    CAF_CHECK_EQUAL(f.out.protocol, 17);
    CAF_CHECK_EQUAL(f.out.source[15], 1);
    CAF_CHECK_EQUAL(f.out.payload_length, data.size() - 20);
    CAF_CHECK(f.out.network == data.data());
    CAF_CHECK(f.out.payload == data.data() + 20);
  }
}

CAF_TEST(a later fragment before its first one is unknown) {
  fixture f;
  CAF_CHECK_EQUAL(f.decode(piece(1, 77)), "fragment_unknown");
  CAF_CHECK_EQUAL(f.decode(piece(0, 77)), "none");
  CAF_CHECK_EQUAL(f.decode(piece(1, 77)), "none");
  CAF_CHECK_EQUAL(f.decode(piece(1, 78)), "fragment_unknown");
  CAF_CHECK_EQUAL(f.decode(piece(1, 77, {.source = 0x0a000009})), "fragment_unknown");
  CAF_CHECK_EQUAL(
    f.decode(ethernet(0x8100, vlan(3, 0x0800, piece(1, 77))), second, link_type::ethernet),
    "fragment_unknown");
}

CAF_TEST(a first fragment is forgotten after its lifetime of packet time) {
  fixture f;
  CAF_CHECK_EQUAL(f.decode(piece(0, 77), 100 * second), "none");
  CAF_CHECK_EQUAL(f.decode(piece(1, 77), 130 * second), "none");
  CAF_CHECK_EQUAL(f.decode(piece(2, 77), 130 * second + 1), "fragment_unknown");
}

CAF_TEST(a full cache forgets the oldest datagram) {
  decoder_options options;
  options.fragment_entries = 8;
  fixture f{options};
  for (uint16_t identification = 0; identification < 9; ++identification)
    CAF_REQUIRE_EQUAL(f.decode(piece(0, identification)), "none");
  CAF_CHECK_EQUAL(f.decode(piece(1, 0)), "fragment_unknown");
  for (uint16_t identification = 1; identification < 9; ++identification)
    CAF_CHECK_EQUAL(f.decode(piece(1, identification)), "none");
}

CAF_TEST(fragments that are not followed are dropped but for the first) {
  decoder_options options;
  options.follow_fragments = false;
  fixture f{options};
  CAF_CHECK_EQUAL(f.decode(piece(0, 77)), "none");
  CAF_CHECK_EQUAL(f.decode(piece(1, 77)), "fragment_dropped");
  CAF_CHECK_EQUAL(f.decode(ipv6(44, fragment6(17, 3, false, 1, bytes(8)))), "fragment_dropped");
}

CAF_TEST(a later fragment that was cut is incomplete where whole packets are asked for) {
  decoder_options options;
  options.keep_incomplete = false;
  fixture f{options};
  CAF_REQUIRE_EQUAL(f.decode(piece(0, 77)), "none");
  bytes cut = piece(1, 77);
  CAF_CHECK_EQUAL(f.decode(cut), "none");
  cut.pop_back();
  CAF_CHECK_EQUAL(f.decode(cut), "incomplete");
}

CAF_TEST(IPv6 fragments follow by identification whatever protocol they name) {
  fixture f;
  const bytes whole = udp(7, 9, bytes(100, 0x55));
  const bytes head(whole.begin(), whole.begin() + 64);
  const bytes tail(whole.begin() + 64, whole.end());
  CAF_REQUIRE_EQUAL(f.decode(ipv6(60, extension(44, fragment6(17, 0, true, 0xabcd1234, head)))),
                    "none");
  CAF_CHECK(f.out.fragment == fragment_kind::first);
  CAF_CHECK_EQUAL(f.out.source_port, 7);
  const bytes later = ipv6(44, fragment6(59, 8, false, 0xabcd1234, tail));
  CAF_REQUIRE_EQUAL(f.decode(later), "none");
  CAF_CHECK_EQUAL(f.out.source_port, 7);
  CAF_CHECK_EQUAL(f.out.protocol, 17);
  CAF_CHECK_EQUAL(f.out.payload_length, tail.size());
  CAF_CHECK(f.out.payload == later.data() + 48);
  CAF_CHECK_EQUAL(f.decode(ipv6(44, fragment6(17, 8, false, 0x1234, tail))), "fragment_unknown");
}

CAF_TEST(fragments of a tunnel packet follow the flow inside) {
  fixture f;
  const bytes inner = ipv4(6, tcp(40000, 443, tcp_flag::ack, bytes(600, 7)),
                           {.source = 0xc0a80001, .destination = 0xc0a80002});
  const bytes outer = udp(50000, 2152, gtp(0x30, {}, inner));
  const bytes head(outer.begin(), outer.begin() + 400);
  const bytes tail(outer.begin() + 400, outer.end());
  CAF_REQUIRE_EQUAL(f.decode(ipv4(17, head, {.fragment = 0x2000})), "none");
  CAF_CHECK(f.out.fragment == fragment_kind::whole); // the inner packet is not a fragment
  CAF_CHECK(f.out.tunnel == tunnel_kind::gtp_u);
  CAF_CHECK_EQUAL(f.out.payload_length, 600u);
  CAF_CHECK_EQUAL(f.out.payload_captured, 400u - 8 - 8 - 40);
  CAF_REQUIRE_EQUAL(f.decode(ipv4(17, tail, {.fragment = 50})), "none");
  CAF_CHECK(f.out.fragment == fragment_kind::later);
  CAF_CHECK(f.out.tunnel == tunnel_kind::gtp_u);
  CAF_CHECK_EQUAL(f.out.tunnel_id, 0xabcdef01u);
  CAF_CHECK_EQUAL(f.out.protocol, 6);
  CAF_CHECK_EQUAL(f.out.source_port, 40000);
  CAF_CHECK_EQUAL(f.out.source[12], 0xc0);
  CAF_CHECK_EQUAL(f.out.payload_length, tail.size());
}

CAF_TEST(ICMP fragments keep the type of their first one) {
  fixture f;
  CAF_REQUIRE_EQUAL(
    f.decode(ipv4(1, join({8, 0, 0, 0, 0, 1, 0, 1}, bytes(8)), {.fragment = 0x2000})), "none");
  CAF_REQUIRE_EQUAL(f.decode(ipv4(1, bytes(8), {.fragment = 2})), "none");
  CAF_CHECK_EQUAL(f.out.icmp_type, 8);
  CAF_CHECK_EQUAL(f.out.payload_length, 8u);
}
