#define CAF_SUITE capture_tcp
#include "capture/tcp.hpp"

#include "capture/lifetime.hpp"
#include "tests/capture/packets.hpp"
#include "tests/suite.hpp"

using namespace flowactors;
using namespace flowactors::test;
using namespace flowactors::tcp_flag;

namespace {

constexpr int64_t ms = 1'000'000;

// A connection at work: packets of either side, a millisecond apart unless said otherwise.
struct connection {
  flow_record flow{};
  flow_state state;
  int64_t now = 1000 * ms;

  void client(uint8_t flags, uint32_t sequence, uint32_t payload = 0, uint16_t window = 1000) {
    say(true, flags, sequence, payload, window);
  }
  void server(uint8_t flags, uint32_t sequence, uint32_t payload = 0, uint16_t window = 1000) {
    say(false, flags, sequence, payload, window);
  }

  void say(bool from_client, uint8_t flags, uint32_t sequence, uint32_t payload, uint16_t window) {
    packet p = packet_of(1, 1000, 2, 80);
    p.time_ns = now += ms;
    p.tcp_flags = flags;
    p.sequence = sequence;
    p.payload_length = payload;
    p.window = window;
    flow_counters& side = from_client ? flow.client : flow.server;
    ++side.packets;
    side.payload_bytes += payload;
    track_tcp(flow, state, p, from_client);
  }

  void shake_hands() {
    client(syn, 99);
    now += 20 * ms;
    server(syn | ack, 499);
    now += 5 * ms;
    client(ack, 100);
  }

  tcp_state where() const { return static_cast<tcp_state>(flow.state); }
};

} // namespace

CAF_TEST(a handshake gives the state and both round trips) {
  connection c;
  c.client(syn, 99);
  CAF_CHECK(c.where() == tcp_state::syn_sent);
  CAF_CHECK(half_open(c.flow));
  c.now += 20 * ms;
  c.server(syn | ack, 499);
  CAF_CHECK(c.where() == tcp_state::syn_received);
  CAF_CHECK_EQUAL(c.flow.established, 0);
  c.now += 5 * ms;
  c.client(ack, 100);
  CAF_CHECK(c.where() == tcp_state::established);
  CAF_CHECK_EQUAL(c.flow.established, 1);
  CAF_CHECK_EQUAL(c.flow.server_rtt_us, 21'000u);
  CAF_CHECK_EQUAL(c.flow.client_rtt_us, 6'000u);
}

CAF_TEST(a connection seen from its middle says so) {
  connection c;
  c.client(ack | psh, 1000, 10);
  CAF_CHECK(c.where() == tcp_state::midstream);
  CAF_CHECK_EQUAL(c.flow.established, 0);
  CAF_CHECK_EQUAL(c.flow.client_rtt_us, 0u);
}

CAF_TEST(data in order is no problem) {
  connection c;
  c.shake_hands();
  for (uint32_t i = 0; i < 10; ++i)
    c.client(ack, 100 + i * 50, 50);
  CAF_CHECK_EQUAL(
    c.flow.client_tcp.retransmissions + c.flow.client_tcp.out_of_order + c.flow.client_tcp.lost,
    0u);
  CAF_CHECK_EQUAL(c.flow.client_tcp.next_sequence, 600u);
}

CAF_TEST(repeated bytes are retransmissions even over the end of the number range) {
  connection c;
  c.client(ack, 0xffffffd0, 0x40);
  c.client(ack, 0x10, 0x10);
  CAF_CHECK_EQUAL(c.flow.client_tcp.retransmissions, 0u);
  c.client(ack, 0xffffffd0, 0x40);
  c.client(ack, 0x10, 0x10);
  CAF_CHECK_EQUAL(c.flow.client_tcp.retransmissions, 2u);
  CAF_CHECK_EQUAL(c.flow.client_tcp.lost, 0u);
}

CAF_TEST(a gap counts as lost until it is filled and then as out of order) {
  connection c;
  c.shake_hands();
  c.server(ack, 500, 100);
  c.server(ack, 800, 100); // 600..799 are missing
  CAF_CHECK_EQUAL(c.flow.server_tcp.lost, 1u);
  c.server(ack, 600, 100);
  CAF_CHECK_EQUAL(c.flow.server_tcp.lost, 1u);
  c.server(ack, 700, 100);
  CAF_CHECK_EQUAL(c.flow.server_tcp.lost, 0u);
  CAF_CHECK_EQUAL(c.flow.server_tcp.out_of_order, 2u);
  CAF_CHECK_EQUAL(c.flow.server_tcp.retransmissions, 0u);
  c.server(ack, 900, 100);
  CAF_CHECK_EQUAL(c.flow.server_tcp.lost, 0u);
}

CAF_TEST(keep - alives and bare acknowledgements are no retransmissions) {
  connection c;
  c.shake_hands();
  c.client(ack, 100, 50);
  c.client(ack, 149, 1);
  c.client(ack, 149, 0);
  c.client(ack, 150, 0);
  c.client(ack, 100, 0);
  CAF_CHECK_EQUAL(c.flow.client_tcp.retransmissions, 0u);
}

CAF_TEST(a zero window is counted each time that it closes) {
  connection c;
  c.shake_hands();
  c.server(ack, 500, 0, 0);
  c.server(ack, 500, 0, 0);
  c.server(ack, 500, 0, 10);
  c.server(ack, 500, 0, 0);
  c.server(rst, 500, 0, 0);
  CAF_CHECK_EQUAL(c.flow.server_tcp.zero_windows, 2u);
  CAF_CHECK_EQUAL(c.flow.client_tcp.zero_windows, 0u);
}

CAF_TEST(flags are collected by direction) {
  connection c;
  c.shake_hands();
  c.client(ack | psh, 100, 1);
  c.server(ack | fin, 500);
  CAF_CHECK_EQUAL(c.flow.client_tcp.flags, syn | ack | psh);
  CAF_CHECK_EQUAL(c.flow.server_tcp.flags, syn | ack | fin);
  CAF_CHECK_EQUAL(c.flow.last_tcp_flags, ack | fin);
}

CAF_TEST(it closes with the second FIN and is reset by the first RST) {
  connection c;
  c.shake_hands();
  c.client(ack | fin, 100);
  CAF_CHECK(c.where() == tcp_state::closing);
  CAF_CHECK(!over(c.flow));
  c.server(ack | fin, 500);
  CAF_CHECK(c.where() == tcp_state::closed);
  CAF_CHECK(over(c.flow));
  connection r;
  r.client(syn, 1);
  r.server(rst | ack, 0);
  CAF_CHECK(r.where() == tcp_state::reset);
  CAF_CHECK_EQUAL(r.flow.established, 0);
}

CAF_TEST(only a new SYN after the end begins another connection) {
  connection c;
  c.shake_hands();
  packet p = packet_of(1, 1000, 2, 80);
  p.tcp_flags = syn;
  CAF_CHECK(!reuses(c.flow, p));
  c.client(ack | fin, 100);
  c.server(ack | fin, 500);
  CAF_CHECK(reuses(c.flow, p));
  p.tcp_flags = ack;
  CAF_CHECK(!reuses(c.flow, p));
  p.tcp_flags = syn | ack;
  CAF_CHECK(!reuses(c.flow, p));
}

CAF_TEST(the response time runs from the last request byte to the first response byte) {
  connection c;
  c.shake_hands();
  c.client(ack, 100, 50);
  c.now += 2 * ms;
  c.client(ack, 150, 50);
  c.now += 30 * ms;
  c.server(ack, 500, 10);
  CAF_CHECK_EQUAL(c.flow.response_us, 31'000u);
  c.client(ack, 200, 10);
  c.now += 90 * ms;
  c.server(ack, 510, 10);
  CAF_CHECK_EQUAL(c.flow.response_us, 31'000u);
}
