#include "bench/generate.hpp"
#include "capture/packet.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace flowactors::bench {

namespace {

/// Every 32-bit number once (steps that can be undone: odd factors, xor with a shift).
uint32_t permuted(uint32_t value) noexcept {
  value *= 0x9e3779b1u;
  value ^= value >> 15;
  value *= 0x85ebca77u;
  value ^= value >> 13;
  return value;
}

/// An address that a packet from the internet can come from.
bool routable(uint32_t address) noexcept {
  const uint32_t first = address >> 24;
  return first != 0 && first != 10 && first != 127 && first < 224;
}

/// A download that goes on until the file is full.
struct download {
  endpoint client, server;
  uint32_t client_sequence = 0;
  uint32_t server_sequence = 0;
  uint64_t step = 0;
};

std::span<const uint8_t> bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

constexpr std::string_view request =
  "GET /pool/large.img HTTP/1.1\r\nHost: mirror.flowactors.example\r\n"
  "User-Agent: fetch/1.0\r\nAccept: */*\r\n\r\n";
constexpr std::string_view response =
  "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
  "Content-Length: 4000000000\r\n\r\n";

constexpr uint64_t opening_steps = 5;

/// The handshake, the request and the head of the response.
tcp_segment opening_segment(const download& flow) noexcept {
  using namespace tcp_flag;
  const bool by_client = flow.step == 0 || flow.step == 2 || flow.step == 3;
  static constexpr uint8_t flags[] = {syn, syn | ack, ack, psh | ack, psh | ack};
  tcp_segment segment{.from = by_client ? flow.client : flow.server,
                      .to = by_client ? flow.server : flow.client,
                      .sequence = by_client ? flow.client_sequence : flow.server_sequence,
                      .acknowledgement = by_client ? flow.server_sequence : flow.client_sequence,
                      .flags = flags[flow.step],
                      .payload = {}};
  if (flow.step == 0)
    segment.acknowledgement = 0;
  if (flow.step == 3)
    segment.payload = bytes_of(request);
  if (flow.step == 4)
    segment.payload = bytes_of(response);
  return segment;
}

} // namespace

void generate_single(capture_file& out, uint64_t flows) {
  frame_builder frames;
  uint32_t counter = 0;
  for (uint64_t flow = 0; flow < flows; ++flow) {
    uint32_t source;
    do
      source = permuted(++counter);
    while (!routable(source));
    const uint64_t chance = scramble(flow, 1);
    static constexpr uint16_t ports[] = {80, 443, 22, 25};
    const endpoint server{0xc6120001u + static_cast<uint32_t>(chance & 3), ports[chance >> 2 & 3]};
    const endpoint client{source, static_cast<uint16_t>(1024 + (chance >> 8) % 64512)};
    out.add(begin_ns + static_cast<int64_t>(flow) * 1000,
            frames.tcp({.from = client,
                        .to = server,
                        .sequence = static_cast<uint32_t>(chance >> 32),
                        .flags = tcp_flag::syn,
                        .payload = {}}));
  }
}

void generate_bulk(capture_file& out, uint64_t packets, uint64_t bytes, uint64_t flows) {
  sequence chance{2};
  std::vector<uint8_t> content(65536);
  std::generate(content.begin(), content.end(),
                [&] { return static_cast<uint8_t>(chance.next()); });
  std::vector<download> downloads(flows);
  for (size_t index = 0; index < flows; ++index)
    downloads[index] = {.client = {0x0a000000u + static_cast<uint32_t>(index) + 1,
                                   static_cast<uint16_t>(40000 + index)},
                        .server = {0xc6120001u + static_cast<uint32_t>(index % 4), 80},
                        .client_sequence = static_cast<uint32_t>(chance.next()),
                        .server_sequence = static_cast<uint32_t>(chance.next())};
  // Two frames of data and an acknowledgement have 3 * bytes together; a frame has 54 without data.
  const uint64_t pair = std::max<uint64_t>(3 * bytes, 60 + 2 * 60) - 60;
  frame_builder frames;
  for (uint64_t packet = 0; packet < packets; ++packet) {
    download& flow = downloads[chance.below(flows)];
    tcp_segment segment;
    if (flow.step < opening_steps) {
      segment = opening_segment(flow);
    } else if ((flow.step - opening_steps) % 3 == 2) {
      segment = {.from = flow.client,
                 .to = flow.server,
                 .sequence = flow.client_sequence,
                 .acknowledgement = flow.server_sequence,
                 .flags = tcp_flag::ack,
                 .payload = {}};
    } else {
      const uint64_t length = ((flow.step - opening_steps) % 3 == 0 ? pair + 1 : pair) / 2 - 54;
      segment = {.from = flow.server,
                 .to = flow.client,
                 .sequence = flow.server_sequence,
                 .acknowledgement = flow.client_sequence,
                 .flags = tcp_flag::ack,
                 .payload = std::span{content}.subspan(chance.below(60000), length)};
    }
    const uint32_t used =
      static_cast<uint32_t>(segment.payload.size()) + (segment.flags & tcp_flag::syn ? 1 : 0);
    (segment.from.port == 80 ? flow.server_sequence : flow.client_sequence) += used;
    ++flow.step;
    out.add(begin_ns + static_cast<int64_t>(packet) * 8000, frames.tcp(segment));
  }
}

} // namespace flowactors::bench
