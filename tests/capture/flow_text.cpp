#define CAF_SUITE capture_flow_text
#include "capture/flow.hpp"
#include "capture/networks.hpp"
#include "capture/text_blocks.hpp"
#include "tests/suite.hpp"

#include <arpa/inet.h>

#include <cstring>
#include <string>
#include <utility>

using namespace flowactors;

namespace {

void put(uint8_t (&out)[16], const char* text) {
  std::memset(out, 0, 16);
  if (inet_pton(AF_INET, text, out + 12) == 1)
    out[10] = out[11] = 0xff;
  else
    inet_pton(AF_INET6, text, out);
}

flow_record flow_of(const char* client, uint16_t client_port, const char* server,
                    uint16_t server_port, uint8_t protocol) {
  flow_record flow{};
  put(flow.client_address, client);
  put(flow.server_address, server);
  flow.client_port = client_port;
  flow.server_port = server_port;
  flow.protocol = protocol;
  flow.ip_version = std::strchr(client, ':') != nullptr ? 6 : 4;
  return flow;
}

std::string written(const char* text) {
  uint8_t bytes[16];
  put(bytes, text);
  char out[46];
  const size_t n = format_address(bytes, std::strchr(text, ':') != nullptr ? 6 : 4, out);
  return {out, n};
}

} // namespace

CAF_TEST(addresses are written as RFC 5952 asks) {
  for (const char* text : {"0.0.0.0", "1.22.133.254", "255.255.255.255", "10.0.0.1", "::", "::1",
                           "fe80::1:2", "2001:db8::ff00:42:8329", "2001:db8:1:2:3:4:5:6"})
    CAF_CHECK_EQUAL(written(text), text);
}

CAF_TEST(both addresses of a record are written once) {
  auto flow = flow_of("192.168.1.10", 1, "2.3.4.5", 2, 6);
  format_addresses(flow);
  CAF_CHECK_EQUAL(std::string(flow.client_text, flow.client_text_length), "192.168.1.10");
  CAF_CHECK_EQUAL(std::string(flow.server_text, flow.server_text_length), "2.3.4.5");
}

// The values are those that the specification's own baseline gives for these tuples.
CAF_TEST(community IDs equal the published baseline) {
  CAF_CHECK_EQUAL(community_id(flow_of("128.232.110.120", 34855, "66.35.250.204", 80, 6), 0),
                  "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  CAF_CHECK_EQUAL(community_id(flow_of("66.35.250.204", 80, "128.232.110.120", 34855, 6), 0),
                  "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  CAF_CHECK_EQUAL(community_id(flow_of("128.232.110.120", 34855, "66.35.250.204", 80, 6), 1),
                  "1:3V71V58M3Ksw/yuFALMcW0LAHvc=");
  CAF_CHECK_EQUAL(community_id(flow_of("192.168.1.52", 54585, "8.8.8.8", 53, 17), 0),
                  "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
  auto ping = flow_of("192.168.0.89", 0, "192.168.0.1", 0, 1);
  ping.icmp_type = 8;
  CAF_CHECK_EQUAL(community_id(ping, 0), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
}

CAF_TEST(networks answer with the most specific one) {
  auto made = networks::make({"10.0.0.0/8", "10.1.0.0/16", "fd00::/8", "192.0.2.7"});
  CAF_REQUIRE(made);
  const auto find = [&](const char* text) {
    uint8_t bytes[16];
    put(bytes, text);
    return made->find(bytes);
  };
  CAF_CHECK_EQUAL(find("10.2.3.4"), 0);
  CAF_CHECK_EQUAL(find("10.1.3.4"), 1);
  CAF_CHECK_EQUAL(find("fd12::1"), 2);
  CAF_CHECK_EQUAL(find("192.0.2.7"), 3);
  CAF_CHECK_EQUAL(find("192.0.2.8"), -1);
  CAF_CHECK_EQUAL(find("fe80::1"), -1);
}

CAF_TEST(networks refuse what is none) {
  for (const char* text :
       {"10.0.0.0/33", "10.0.0/8", "x", "", "::/129", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1"})
    CAF_CHECK(!networks::make({text}));
}

CAF_TEST(text blocks hold what was stored and are used again) {
  auto made = text_blocks::make(1u << 20);
  CAF_REQUIRE(made);
  text_blocks& blocks = *made;
  CAF_CHECK_EQUAL(blocks.store({}), 0u);
  flow_text_pieces pieces;
  pieces.server_name = "example.org";
  pieces.ja3_client = "0123456789abcdef0123456789abcdef";
  const uint32_t first = blocks.store(pieces);
  CAF_REQUIRE_NOT_EQUAL(first, 0u);
  CAF_CHECK_EQUAL(view(blocks.at(first), blocks.at(first).server_name), "example.org");
  CAF_CHECK_EQUAL(view(blocks.at(first), blocks.at(first).ja3_client), pieces.ja3_client);
  CAF_CHECK_EQUAL(view(blocks.at(first), blocks.at(first).http_url), "");
  CAF_CHECK_EQUAL(view(blocks.at(0), blocks.at(0).server_name), "");
  blocks.release(first);
  CAF_CHECK_EQUAL(blocks.store(pieces), first);
}

CAF_TEST(no two blocks of all writers bear the same numbers) {
  auto one = text_blocks::make(1u << 20), other = text_blocks::make(1u << 20);
  CAF_REQUIRE(one && other);
  flow_text_pieces pieces;
  pieces.server_name = "a.example";
  const uint32_t first = one->store(pieces), second = one->store(pieces);
  CAF_CHECK_EQUAL(one->at(first).number, 1u);
  CAF_CHECK_EQUAL(one->at(second).number, 2u);
  CAF_CHECK_EQUAL(one->at(first).writer, one->at(second).writer);
  CAF_CHECK_NOT_EQUAL(one->at(first).writer, other->at(other->store(pieces)).writer);

  CAF_CHECK_EQUAL(one->replace(second, pieces), second); // nothing has changed
  CAF_CHECK_EQUAL(one->at(second).number, 2u);
  pieces.server_name = "b.example";
  const uint32_t third = one->replace(second, pieces);
  CAF_CHECK_EQUAL(one->at(third).number, 3u);
  const text_blocks moved = std::move(*one);
  CAF_CHECK_EQUAL(moved.at(third).writer, moved.at(first).writer);
}

CAF_TEST(text blocks are bounded and count what found no room) {
  auto made = text_blocks::make(1u << 20);
  CAF_REQUIRE(made);
  const std::string url(2000, 'u');
  flow_text_pieces pieces;
  pieces.http_url = url;
  uint64_t stored = 0;
  while (made->store(pieces) != 0)
    ++stored;
  CAF_CHECK(stored > 1000 && stored < 2000);
  CAF_CHECK_EQUAL(made->lost(), 1u);
}

CAF_TEST(long pieces are cut) {
  auto made = text_blocks::make(1u << 20);
  CAF_REQUIRE(made);
  const std::string url(2000, 'u');
  flow_text_pieces pieces;
  pieces.http_url = url;
  const uint32_t number = made->store(pieces);
  CAF_CHECK_EQUAL(made->at(number).http_url.length, text_blocks::max_piece);
}
