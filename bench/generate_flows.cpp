#include "bench/generate.hpp"
#include "bench/generate_messages.hpp"
#include "capture/packet.hpp"

#include <algorithm>
#include <vector>

namespace flowactors::bench {

namespace {

using namespace tcp_flag;

enum class talk : uint8_t { http, tls, dns, unknown };

/// 40, 20, 25 and 15 in a hundred.
talk talk_of(uint64_t flow) noexcept {
  const uint64_t twentieth = flow % 20;
  return twentieth < 8    ? talk::http
         : twentieth < 12 ? talk::tls
         : twentieth < 17 ? talk::dns
                          : talk::unknown;
}

using maker = message (*)(uint64_t);

/// One packet of a conversation: who sends it, TCP's flags (0 = UDP), what it says.
struct turn {
  bool by_client;
  uint8_t flags;
  maker says;
};

constexpr turn http_turns[] = {
  {true, syn, nullptr},
  {false, syn | ack, nullptr},
  {true, ack, nullptr},
  {true, psh | ack, http_request},
  {false, psh | ack, http_response},
  {true, fin | ack, nullptr},
  {false, fin | ack, nullptr},
  {true, ack, nullptr},
};
constexpr turn tls_turns[] = {
  {true, syn, nullptr},
  {false, syn | ack, nullptr},
  {true, ack, nullptr},
  {true, psh | ack, tls_client_hello},
  {false, psh | ack, tls_server_hello},
};
constexpr turn dns_turns[] = {{true, 0, dns_query}, {false, 0, dns_answer}};
constexpr turn unknown_turns[] = {{true, 0, noise}, {false, 0, noise}, {true, 0, noise}};

std::span<const turn> turns_of(talk kind) noexcept {
  switch (kind) {
    case talk::http:
      return http_turns;
    case talk::tls:
      return tls_turns;
    case talk::dns:
      return dns_turns;
    case talk::unknown:
      return unknown_turns;
  }
  return {};
}

/// Servers stand in 198.18.0.0/15, which nDPI knows no owner of (RFC 2544).
endpoint server_of(talk kind, uint64_t chance) noexcept {
  const uint32_t any = 0xc6120000u | static_cast<uint32_t>(chance & 4095);
  switch (kind) {
    case talk::http:
      return {any, 80};
    case talk::tls:
      return {any, 443};
    case talk::dns:
      return {0xc6130000u | static_cast<uint32_t>(chance & 3), 53};
    case talk::unknown:
      return {any, static_cast<uint16_t>(20000 + (chance >> 12) % 12000)};
  }
  return {};
}

struct conversation {
  uint64_t flow = 0;
  uint32_t sequences[2]{}; ///< of the server and of the client, next to be sent
  uint32_t step = 0;
};

/// Writes the next packet. True if it was the last one.
bool proceed(conversation& now, int64_t time_ns, frame_builder& frames, capture_file& out) {
  const talk kind = talk_of(now.flow);
  const uint64_t chance = scramble(now.flow, 5);
  const turn& said = turns_of(kind)[now.step];
  // An odd factor: each flow of 2^24 has an address of its own in 10.0.0.0/8.
  const auto host = static_cast<uint32_t>(now.flow * 0x9e3779b1u) & 0xffffff;
  const endpoint client{0x0a000000u | host, static_cast<uint16_t>(32768 + (chance >> 40) % 28000)};
  const endpoint server = server_of(kind, chance);
  const message text =
    said.says ? said.says(kind == talk::unknown ? chance + now.step : chance) : message{};
  const endpoint& from = said.by_client ? client : server;
  const endpoint& to = said.by_client ? server : client;
  if (said.flags == 0) {
    out.add(time_ns, frames.udp(from, to, text));
  } else {
    uint32_t& sent = now.sequences[said.by_client];
    out.add(time_ns,
            frames.tcp({.from = from,
                        .to = to,
                        .sequence = sent,
                        .acknowledgement = said.flags & ack ? now.sequences[!said.by_client] : 0,
                        .flags = said.flags,
                        .payload = text}));
    sent += static_cast<uint32_t>(text.size()) + (said.flags & (syn | fin) ? 1 : 0);
  }
  return ++now.step == turns_of(kind).size();
}

} // namespace

void generate_flows(capture_file& out, uint64_t flows, uint64_t concurrent) {
  sequence chance{1};
  uint64_t begun = 0;
  const auto begin = [&] {
    conversation fresh{.flow = begun++};
    fresh.sequences[0] = static_cast<uint32_t>(chance.next());
    fresh.sequences[1] = static_cast<uint32_t>(chance.next());
    return fresh;
  };
  std::vector<conversation> open;
  open.reserve(std::min(flows, concurrent));
  while (open.size() < open.capacity() && begun < flows)
    open.push_back(begin());

  frame_builder frames;
  for (uint64_t packet = 0; !open.empty(); ++packet) {
    conversation& next = open[chance.below(open.size())];
    // 100,000 packets a second.
    if (!proceed(next, begin_ns + static_cast<int64_t>(packet) * 10'000, frames, out))
      continue;
    if (begun < flows) {
      next = begin();
    } else {
      next = open.back();
      open.pop_back();
    }
  }
}

} // namespace flowactors::bench
