#define CAF_SUITE capture_tracker
#include "capture/tracker.hpp"

#include "tests/capture/packets.hpp"
#include "tests/suite.hpp"

#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

using namespace flowactors;
using namespace flowactors::test;
using namespace flowactors::tcp_flag;

namespace {

constexpr int64_t second = 1'000'000'000;
constexpr int64_t start = 1'500'000'000 * second;
constexpr uint8_t tcp = 6;
constexpr uint8_t udp = 17;

// What was told, in order: a line for each event, with the flow by the number of its first frame.
struct witness : event_handler {
  event_mask wanted = 15;
  std::vector<std::string> told;
  std::vector<flow_record> records;

  event_mask interest() const noexcept override { return wanted; }

  void handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept override {
    std::string line = std::to_string((now_ns - start) / second) + " " + to_string(kind) + " "
                       + std::to_string(flow.id);
    if (kind == event_kind::ended)
      line += std::string{" "} + to_string(static_cast<end_reason>(flow.end));
    told.push_back(line);
    records.push_back(flow);
  }

  std::string all() const {
    std::string out;
    for (const auto& line : told)
      out += line + "\n";
    return out;
  }

  size_t count(const std::string& part) const {
    size_t n = 0;
    for (const auto& line : told)
      n += line.find(part) != std::string::npos;
    return n;
  }
};

struct line {
  witness seen;
  std::unique_ptr<tracker> aut;
  int64_t now = start;

  explicit line(tracker_options options = {}) {
    auto made = tracker::make(options);
    CAF_REQUIRE(made);
    aut = std::move(*made);
  }

  void send(packet p, std::string_view payload = {}, int64_t after = 0) {
    now += after;
    const auto bytes = bytes_of(p, payload);
    const auto size = static_cast<uint32_t>(bytes.size());
    const frame f{bytes.data(), size, size, now, link_type::ethernet};
    aut->process({&f, 1}, seen);
  }

  void say(uint32_t from, uint32_t to, uint8_t flags, std::string_view payload = {},
           int64_t after = 0) {
    packet p = from < to ? packet_of(from, 1000, to, 80) : packet_of(from, 80, to, 1000);
    p.tcp_flags = flags;
    send(p, payload, after);
  }

  void balance() {
    const auto c = aut->counters();
    const auto sum = [](const auto& array) {
      return std::accumulate(array.begin(), array.end(), uint64_t{0});
    };
    CAF_CHECK_EQUAL(c.seen, c.decoded + sum(c.undecoded));
    CAF_CHECK_EQUAL(c.created, sum(c.ended) + c.live);
    CAF_CHECK_EQUAL(c.decoded, c.packets_of_ended + c.packets_of_live);
  }
};

tracker_options small(uint32_t max_flows) {
  tracker_options options;
  options.max_flows = max_flows;
  return options;
}

} // namespace

CAF_TEST(a flow is created once and ends once) {
  line l;
  l.say(1, 2, syn);
  l.say(2, 1, syn | ack, {}, second);
  l.say(1, 2, ack, {}, second);
  l.aut->finish(end_reason::end_of_input, l.seen);
  CAF_CHECK_EQUAL(l.seen.count("created 1"), 1u);
  CAF_CHECK_EQUAL(l.seen.count("ended 1 end_of_input"), 1u);
  CAF_CHECK_EQUAL(l.seen.told.front(), "0 created 1");
  CAF_CHECK_EQUAL(l.seen.told.back(), "2 ended 1 end_of_input");
  CAF_CHECK_EQUAL(l.seen.records.front().client.packets, 0u);
  CAF_CHECK_EQUAL(l.seen.records.back().client.packets, 2u);
  CAF_CHECK_EQUAL(l.seen.records.back().server.packets, 1u);
  CAF_CHECK_EQUAL(l.seen.records.back().client.bytes, 2u * 54);
  l.balance();
}

CAF_TEST(a SYN and ACK seen first turns the flow round) {
  line l;
  l.say(2, 1, syn | ack);
  l.aut->finish(end_reason::end_of_input, l.seen);
  CAF_CHECK_EQUAL(l.seen.records.back().server_port, 80);
  CAF_CHECK_EQUAL(l.seen.records.back().server.packets, 1u);
  CAF_CHECK_EQUAL(l.seen.records.back().client.packets, 0u);
}

CAF_TEST(an idle flow ends at its timeout and a later packet begins another) {
  line l;
  l.seen.wanted = mask_of(event_kind::created) | mask_of(event_kind::ended);
  l.say(1, 2, syn);
  l.say(1, 2, syn, {}, 60 * second);
  l.say(1, 2, syn, {}, 61 * second);
  CAF_CHECK_EQUAL(l.seen.all(), "0 created 1\n120 ended 1 idle\n121 created 3\n");
  l.balance();
}

CAF_TEST(time that other packets bring ends an idle flow at its deadline) {
  line l;
  l.seen.wanted = mask_of(event_kind::ended);
  l.say(1, 2, syn);
  for (int i = 0; i < 13; ++i)
    l.send(packet_of(7, 7, 8, 8, udp), "x", 5 * second);
  CAF_CHECK_EQUAL(l.seen.all(), "60 ended 1 idle\n");
}

CAF_TEST(a closed connection ends after the shorter timeout) {
  line l;
  l.seen.wanted = mask_of(event_kind::ended);
  l.say(1, 2, syn);
  l.say(2, 1, syn | ack);
  l.say(1, 2, ack);
  l.say(1, 2, fin | ack);
  l.say(2, 1, fin | ack);
  for (int i = 0; i < 6; ++i)
    l.send(packet_of(7, 7, 8, 8, udp), "x", second);
  CAF_CHECK_EQUAL(l.seen.all(), "3 ended 1 closed\n");
}

CAF_TEST(a new SYN on a connection that was reset begins another flow at once) {
  line l;
  l.seen.wanted = mask_of(event_kind::created) | mask_of(event_kind::ended);
  l.say(1, 2, syn);
  l.say(2, 1, rst | ack);
  l.say(1, 2, syn, {}, second);
  CAF_CHECK_EQUAL(l.seen.all(), "0 created 1\n1 ended 1 reset\n1 created 3\n");
}

CAF_TEST(the active timeout cuts a long flow) {
  tracker_options options;
  options.active_after_ns = 10 * second;
  line l{options};
  l.seen.wanted = mask_of(event_kind::created) | mask_of(event_kind::ended);
  for (int i = 0; i < 13; ++i)
    l.send(packet_of(1, 1, 2, 2, udp), "x", second);
  CAF_CHECK_EQUAL(l.seen.all(), "1 created 1\n11 ended 1 active\n12 created 12\n");
  l.balance();
}

CAF_TEST(with timeouts off nothing ends before the end) {
  tracker_options options;
  options.idle_after_ns = options.closed_after_ns = 0;
  line l{options};
  l.seen.wanted = mask_of(event_kind::ended);
  l.say(1, 2, syn);
  l.say(2, 1, rst | ack);
  l.say(1, 2, syn, {}, 100'000 * second);
  CAF_CHECK_EQUAL(l.seen.all(), "");
  CAF_CHECK_EQUAL(uint64_t{l.aut->counters().created}, 1u);
}

CAF_TEST(times that change hold for flows that live) {
  tracker_options options;
  options.idle_after_ns = options.closed_after_ns = 1000 * second;
  options.update_every_ns = 1000 * second;
  line l{options};
  l.seen.wanted = mask_of(event_kind::updated) | mask_of(event_kind::ended);
  l.send(packet_of(1, 1, 2, 2, udp), "x");
  l.send(packet_of(7, 7, 8, 8, udp), "y", 5 * second);
  CAF_CHECK_EQUAL(l.seen.all(), "");
  l.aut->set_times({8 * second, 8 * second, 0, 2 * second});
  for (int i = 0; i < 4; ++i)
    l.send(packet_of(7, 7, 8, 8, udp), "y", second);
  CAF_CHECK_EQUAL(l.seen.count("updated 1"), 1u);
  CAF_CHECK_EQUAL(l.seen.count("updated 2"), 2u);
  CAF_CHECK_EQUAL(l.seen.count("ended 1 idle"), 1u);
  l.balance();
}

CAF_TEST(updates come at each interval of packet time) {
  line l;
  l.seen.wanted = mask_of(event_kind::updated);
  l.send(packet_of(1, 1, 2, 2, udp), "x");
  for (int i = 0; i < 21; ++i)
    l.send(packet_of(7, 7, 8, 8, udp), "y", second);
  CAF_CHECK_EQUAL(l.seen.count("updated 1"), 4u);
  CAF_CHECK_EQUAL(l.seen.records.front().client.packets, 1u);
}

CAF_TEST(updates begin when somebody begins to ask for them) {
  line l;
  l.seen.wanted = 0;
  l.send(packet_of(1, 1, 2, 2, udp), "x");
  l.send(packet_of(1, 1, 2, 2, udp), "x", 20 * second);
  l.seen.wanted = mask_of(event_kind::updated);
  for (int i = 0; i < 7; ++i)
    l.send(packet_of(7, 7, 8, 8, udp), "y", second);
  CAF_CHECK_EQUAL(l.seen.count("updated 1"), 1u);
}

CAF_TEST(rates are those of the interval before) {
  line l;
  l.seen.wanted = mask_of(event_kind::updated);
  for (int i = 0; i < 60; ++i)
    l.send(packet_of(1, 1, 2, 2, udp), std::string(58, 'x'), second / 10); // 100 bytes on the wire
  CAF_REQUIRE(!l.seen.records.empty());
  const flow_record& flow = l.seen.records.front();
  CAF_CHECK(flow.client_packets_per_s > 9.0f && flow.client_packets_per_s < 11.0f);
  CAF_CHECK(flow.client_bytes_per_s > 900.0f && flow.client_bytes_per_s < 1100.0f);
  CAF_CHECK_EQUAL(flow.bytes_trend, 1);
}

CAF_TEST(what nobody asks for is not told) {
  line l;
  l.seen.wanted = 0;
  l.say(1, 2, syn);
  l.aut->finish(end_reason::end_of_input, l.seen);
  CAF_CHECK(l.seen.told.empty());
  CAF_CHECK_EQUAL(uint64_t{l.aut->counters().events[0]}, 0u);
  l.balance();
}

CAF_TEST(a flood evicts itself and not what is established) {
  line l{small(100)};
  l.seen.wanted = mask_of(event_kind::ended);
  l.say(1, 2, syn);
  l.say(2, 1, syn | ack);
  l.say(1, 2, ack);
  for (uint32_t i = 0; i < 1000; ++i) {
    packet p = packet_of(100 + i, 1, 2, 80);
    p.tcp_flags = syn;
    l.send(p);
  }
  CAF_CHECK_EQUAL(l.seen.count("evicted_half_open"), 901u);
  CAF_CHECK_EQUAL(l.seen.count("ended 1 "), 0u);
  CAF_CHECK_EQUAL(uint64_t{l.aut->counters().peak}, 100u);
  l.balance();
}

CAF_TEST(a full table of established flows gives up the one that was silent longest) {
  line l{small(16)};
  l.seen.wanted = mask_of(event_kind::ended);
  for (int round = 0; round < 2; ++round)
    for (uint32_t i = 0; i < 16; ++i)
      l.send(packet_of(i, 1, 90, 2, udp), "x");
  l.send(packet_of(99, 1, 90, 2, udp),
         "x"); // everybody was touched: the hand passes once, then takes the first
  CAF_CHECK_EQUAL(l.seen.count("ended 1 evicted_established"), 1u);
  l.send(packet_of(98, 1, 90, 2, udp), "x"); // the newcomer has one packet
  CAF_CHECK_EQUAL(l.seen.count("evicted_single"), 1u);
  l.balance();
}

CAF_TEST(time that goes back a little is held and counted) {
  line l;
  l.send(packet_of(1, 1, 2, 2, udp), "x", 10 * second);
  l.send(packet_of(1, 1, 2, 2, udp), "x", -second);
  CAF_CHECK_EQUAL(uint64_t{l.aut->counters().late_packets}, 1u);
  l.aut->finish(end_reason::end_of_input, l.seen);
  CAF_CHECK_EQUAL(l.seen.records.back().last_seen_ns - l.seen.records.back().first_seen_ns, 0);
}

CAF_TEST(time that goes back far begins anew) {
  line l;
  l.seen.wanted = mask_of(event_kind::created) | mask_of(event_kind::ended);
  l.send(packet_of(1, 1, 2, 2, udp), "x", 1000 * second);
  l.send(packet_of(1, 1, 2, 2, udp), "x", -1000 * second);
  CAF_CHECK_EQUAL(l.seen.all(), "1000 created 1\n1000 ended 1 clock_reset\n0 created 2\n");
  l.balance();
}

CAF_TEST(time goes on without packets) {
  line l;
  l.seen.wanted = mask_of(event_kind::ended);
  l.aut->advance(start, l.seen); // before the first packet there is no clock
  l.say(1, 2, syn);
  l.aut->advance(start + 59 * second, l.seen);
  CAF_CHECK_EQUAL(l.seen.all(), "");
  l.aut->advance(start + 62 * second, l.seen);
  CAF_CHECK_EQUAL(l.seen.all(), "60 ended 1 idle\n");
}

CAF_TEST(frames that are no packets are counted by reason) {
  line l;
  const uint8_t arp[42] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6};
  const frame whole{arp, sizeof(arp), sizeof(arp), start, link_type::ethernet};
  const frame cut{arp, 5, 60, start, link_type::ethernet};
  l.aut->process({&whole, 1}, l.seen);
  l.aut->process({&cut, 1}, l.seen);
  const auto c = l.aut->counters();
  CAF_CHECK_EQUAL(c.undecoded[static_cast<size_t>(undecoded::not_ip)], 1u);
  CAF_CHECK_EQUAL(c.undecoded[static_cast<size_t>(undecoded::truncated_link)], 1u);
  l.balance();
}

CAF_TEST(an HTTP exchange is detected and each response with a content type tells it again) {
  line l;
  l.seen.wanted = mask_of(event_kind::detected);
  const auto ask = [&](const char* path) {
    l.say(
      1, 2, ack | psh,
      std::string{"GET "} + path + " HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: me\r\n\r\n");
  };
  const auto answer = [&](const char* type) {
    l.say(
      2, 1, ack | psh,
      std::string{"HTTP/1.1 200 OK\r\nContent-Type: "} + type + "\r\nContent-Length: 2\r\n\r\nok");
  };
  l.say(1, 2, syn);
  l.say(2, 1, syn | ack);
  l.say(1, 2, ack);
  ask("/first");
  const size_t before = l.seen.told.size();
  CAF_CHECK_EQUAL(before, 1u);
  answer("text/html; charset=utf-8");
  CAF_CHECK_EQUAL(l.seen.told.size(), before + 1);
  ask("/second");
  answer("image/png");
  CAF_CHECK_EQUAL(l.seen.told.size(), before + 2);
  CAF_CHECK_EQUAL(l.aut->names().protocols[l.seen.records.back().app_protocol], "HTTP");
  const auto text = [&](const flow_record& flow) -> const flow_text& {
    return *reinterpret_cast<const flow_text*>(l.aut->text_arena() + uint64_t{flow.text} * 16);
  };
  const flow_text& now = text(l.seen.records.back());
  CAF_CHECK_EQUAL(view(now, now.http_url), "/second");
  CAF_CHECK_EQUAL(view(now, now.http_method), "GET");
  CAF_CHECK_EQUAL(view(now, now.http_content_type), "image/png");
  CAF_CHECK_EQUAL(view(now, now.server_name), "www.example.org");
  CAF_CHECK_EQUAL(l.seen.records.back().http_status, 200);
}

CAF_TEST(a DNS query is detected with its name) {
  line l;
  const std::string query{
    "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07"
    "example\x03"
    "org\x00\x00\x01\x00\x01",
    29};
  l.send(packet_of(1, 4000, 2, 53, udp), query);
  l.aut->finish(end_reason::end_of_input, l.seen);
  const flow_record& flow = l.seen.records.back();
  CAF_CHECK_EQUAL(l.aut->names().protocols[flow.app_protocol], "DNS");
  CAF_CHECK_EQUAL(l.aut->protocols()[flow.app_protocol].flows, 1u);
}

// Flows of one SYN are packed while classification waits for a second packet, and never without it.
CAF_TEST(a packed flow has the same record as any other) {
  tracker_options plain;
  plain.dpi = false;
  line packed;
  line other{plain};
  for (line* l : {&packed, &other}) {
    std::mt19937 random{5};
    for (uint32_t i = 0; i < 300; ++i) {
      packet p = packet_of(static_cast<uint32_t>(random() % 90), 1000, 200, 80);
      p.tcp_flags = random() % 4 == 0 ? syn | ack : syn;
      p.sequence = static_cast<uint32_t>(random());
      l->send(random() % 5 == 0 ? reply_to(p) : p, {}, second / 3);
    }
    l->aut->finish(end_reason::end_of_input, l->seen);
    l->balance();
  }
  CAF_REQUIRE_EQUAL(packed.seen.told.size(), other.seen.told.size());
  size_t alike = 0;
  for (size_t i = 0; i < packed.seen.records.size(); ++i) {
    flow_record a = packed.seen.records[i];
    flow_record& b = other.seen.records[i];
    a.master_protocol = b.master_protocol;
    a.app_protocol = b.app_protocol;
    a.category = b.category;
    a.breed = b.breed;
    a.confidence = b.confidence;
    a.detection = b.detection;
    a.risk = b.risk;
    a.risk_score = b.risk_score;
    a.text = b.text;
    alike += std::memcmp(&a, &b, sizeof(a)) == 0 && packed.seen.told[i] == other.seen.told[i];
  }
  CAF_CHECK_EQUAL(alike, packed.seen.records.size());
}

CAF_TEST(with classification off flows stay without a label) {
  tracker_options options;
  options.dpi = false;
  line l{options};
  l.send(packet_of(1, 4000, 2, 53, udp), "x");
  l.aut->finish(end_reason::end_of_input, l.seen);
  CAF_CHECK_EQUAL(l.seen.count("detected"), 0u);
  CAF_CHECK_EQUAL(l.seen.records.back().app_protocol, 0);
  l.balance();
}

CAF_TEST(the books balance after any packets) {
  for (const uint32_t seed : {1u, 2u, 3u}) {
    tracker_options options = small(50);
    options.active_after_ns = seed == 2 ? 30 * second : 0;
    line l{options};
    std::mt19937 random{seed};
    constexpr uint8_t flags[] = {syn, syn | ack, ack, ack | psh, fin | ack, rst};
    for (int i = 0; i < 20'000; ++i) {
      packet p = packet_of(random() % 20, 1000 + random() % 4, 30 + random() % 4, 80,
                           random() % 4 == 0 ? udp : tcp);
      p.tcp_flags = flags[random() % 6];
      if (random() % 2 != 0)
        p = reply_to(p);
      const int64_t step =
        random() % 500 == 0 ? -100 * second : static_cast<int64_t>(random() % 3) * second;
      l.send(p, std::string(random() % 30, 'z'), step);
      if (i % 1000 == 0)
        l.balance();
    }
    l.aut->finish(end_reason::shutdown, l.seen);
    l.balance();
    CAF_CHECK_EQUAL(uint64_t{l.aut->counters().live}, 0u);
    CAF_CHECK_EQUAL(l.seen.count("created"), uint64_t{l.aut->counters().created});
    CAF_CHECK_EQUAL(l.seen.count("ended"), uint64_t{l.aut->counters().created});
  }
}
