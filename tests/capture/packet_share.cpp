#define CAF_SUITE capture_packet_share
#include "capture/packet_share.hpp"

#include "capture/source.hpp"
#include "capture/tracker.hpp"
#include "tests/capture/packets.hpp"
#include "tests/suite.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace flowactors;
using namespace flowactors::test;

namespace {

constexpr int64_t second = 1'000'000'000;

/// All that is told of a flow at an event, but for its places in tables.
struct witness : event_handler {
  std::vector<std::string> told;

  event_mask interest() const noexcept override { return 15; }

  void handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept override {
    format_addresses(flow);
    std::string line = std::to_string(now_ns) + " " + to_string(kind) + " "
                       + std::to_string(flow.id) + " "
                       + std::string(flow.client_text, flow.client_text_length) + " "
                       + std::string(flow.server_text, flow.server_text_length);
    for (const uint64_t number :
         {uint64_t{flow.client_port}, uint64_t{flow.server_port}, flow.client.packets,
          flow.server.packets, flow.client.bytes, flow.server.bytes, uint64_t{flow.app_protocol},
          uint64_t{flow.master_protocol}, uint64_t{flow.detection}, flow.risk, uint64_t{flow.state},
          uint64_t{flow.end}, static_cast<uint64_t>(flow.first_seen_ns),
          static_cast<uint64_t>(flow.last_seen_ns), static_cast<uint64_t>(flow.tick_ns)})
      line += " " + std::to_string(number);
    told.push_back(line + " " + std::to_string(flow.client_bytes_per_s));
  }
};

/// A frame with its bytes.
struct kept_frame {
  std::vector<uint8_t> bytes;
  int64_t time_ns;
  link_type link = link_type::ethernet;
};

struct outcome {
  std::vector<std::string> told; ///< by all workers, sorted
  tracker_counters sum;
  int64_t now_ns = 0; ///< the same for all
};

/// `marked`: whoever reads the frames for all finds out whose they are.
outcome run(const std::vector<kept_frame>& frames, uint32_t workers, tracker_options options,
            bool marked = false) {
  outcome out;
  witness seen;
  for (uint32_t w = 0; w < workers; ++w) {
    options.share = {w, workers};
    auto made = tracker::make(options);
    CAF_REQUIRE(made);
    tracker& aut = **made;
    std::array<frame, 64> burst;
    for (size_t at = 0; at < frames.size();) {
      size_t n = 0;
      for (; n < burst.size() && at < frames.size(); ++n, ++at) {
        const auto size = static_cast<uint32_t>(frames[at].bytes.size());
        burst[n] = {frames[at].bytes.data(), size, size, frames[at].time_ns, frames[at].link};
        burst[n].share = marked ? share_of(options.decoding, burst[n]) : 0;
      }
      aut.process(std::span(burst).first(n), seen);
    }
    const auto live = aut.counters();
    CAF_CHECK_EQUAL(live.seen + live.of_others, frames.size());
    aut.finish(end_reason::end_of_input, seen);
    const auto c = aut.counters();
    out.sum.seen += c.seen;
    out.sum.decoded += c.decoded;
    out.sum.created += c.created;
    out.sum.bytes += c.bytes;
    out.sum.late_packets += c.late_packets;
    for (size_t i = 0; i < undecoded_count; ++i)
      out.sum.undecoded[i] += c.undecoded[i];
    for (size_t i = 0; i < end_reason_count; ++i)
      out.sum.ended[i] += c.ended[i];
    CAF_CHECK(w == 0 || out.now_ns == c.now_ns);
    out.now_ns = c.now_ns;
  }
  out.told = std::move(seen.told);
  std::ranges::sort(out.told);
  return out;
}

void check_same(const std::vector<kept_frame>& frames, const tracker_options& options) {
  const auto one = run(frames, 1, options);
  CAF_REQUIRE_EQUAL(one.sum.seen, frames.size());
  for (const auto& [workers, marked] :
       {std::pair{2u, false}, {3u, false}, {8u, false}, {2u, true}, {3u, true}}) {
    const auto several = run(frames, workers, options, marked);
    CAF_CHECK_EQUAL(several.told.size(), one.told.size());
    CAF_CHECK(several.told == one.told);
    CAF_CHECK_EQUAL(several.sum.seen, one.sum.seen);
    CAF_CHECK_EQUAL(several.sum.decoded, one.sum.decoded);
    CAF_CHECK_EQUAL(several.sum.created, one.sum.created);
    CAF_CHECK_EQUAL(several.sum.bytes, one.sum.bytes);
    CAF_CHECK_EQUAL(several.sum.late_packets, one.sum.late_packets);
    CAF_CHECK(several.sum.undecoded == one.sum.undecoded);
    CAF_CHECK(several.sum.ended == one.sum.ended);
    CAF_CHECK_EQUAL(several.now_ns, one.now_ns);
  }
}

std::vector<kept_frame> frames_of(const std::string& path) {
  auto opened = open_path(path, "");
  CAF_REQUIRE(opened);
  std::vector<kept_frame> out;
  std::array<frame, 64> burst;
  while (!(*opened)->at_end()) {
    auto n = (*opened)->read(burst);
    CAF_REQUIRE(n);
    for (const frame& f : std::span(burst).first(*n))
      out.push_back({{f.data, f.data + f.captured}, f.time_ns, f.link});
  }
  return out;
}

/// Between a few hosts, some of it no IP or cut off; time jumps on, goes back a little, and now and
/// then far.
std::vector<kept_frame> random_frames(uint32_t seed, size_t count) {
  std::mt19937 random{seed};
  const auto below = [&](uint32_t bound) {
    return std::uniform_int_distribution<uint32_t>(0, bound - 1)(random);
  };
  std::vector<kept_frame> out;
  int64_t now = 1'500'000'000 * second;
  for (size_t i = 0; i < count; ++i) {
    switch (below(200)) {
      case 0:
        now -= 30 * second;
        break;
      case 1:
        now += 20 * second;
        break;
      case 2:
      case 3:
        now -= below(2) * second;
        break;
      default:
        now += below(static_cast<uint32_t>(second / 3));
    }
    const uint32_t from = below(12);
    const uint32_t to = 20 + below(4);
    packet p = packet_of(from, static_cast<uint16_t>(1000 + below(2)), to, 80,
                         below(2) == 0 ? uint8_t{6} : uint8_t{17});
    p.tcp_flags = static_cast<uint8_t>(below(64));
    auto bytes = bytes_of(below(2) == 0 ? p : reply_to(p), "payload");
    if (below(20) == 0)
      bytes[12] = 0x88; // no IP
    if (below(10) == 0) // cut off in some header
      bytes.resize(std::min<size_t>(bytes.size(), 12 + below(48)));
    out.push_back({std::move(bytes), now});
  }
  return out;
}

} // namespace

CAF_TEST(both directions have one hash and lower addresses are spread) {
  std::array<size_t, 4> taken{};
  for (uint32_t from = 0; from < 100; ++from)
    for (uint32_t to = 1000; to < 1010; ++to) {
      const packet p = packet_of(from, 1, to, 2);
      CAF_REQUIRE_EQUAL(lower_address_hash(p), lower_address_hash(reply_to(p)));
      size_t owners = 0;
      for (uint32_t w = 0; w < taken.size(); ++w)
        if (packet_share{w, taken.size()}.owns(p)) {
          ++owners;
          ++taken[w];
        }
      CAF_REQUIRE_EQUAL(owners, 1u);
    }
  for (const size_t each : taken) {
    CAF_CHECK_GREATER(each, 150u);
    CAF_CHECK_LESS(each, 350u);
  }
}

CAF_TEST(only the lower address counts) {
  const uint32_t hash = lower_address_hash(packet_of(1, 2, 3, 4, 6));
  CAF_CHECK_EQUAL(lower_address_hash(packet_of(1, 9, 3, 8, 17)), hash);
  CAF_CHECK_EQUAL(lower_address_hash(packet_of(5, 4, 1, 2)), hash);
  CAF_CHECK_NOT_EQUAL(lower_address_hash(packet_of(2, 2, 3, 4)), hash);
}

CAF_TEST(any number of workers tells the same of random packets) {
  tracker_options options;
  options.dpi = false;
  options.max_flows = 1000;
  options.idle_after_ns = 10 * second;
  options.update_every_ns = 2 * second;
  for (uint32_t seed = 1; seed <= 5; ++seed)
    check_same(random_frames(seed, 500), options);
}

CAF_TEST(any number of workers tells the same of the captures) {
  tracker_options options;
  options.max_flows = 10'000;
  check_same(frames_of(std::string(FLOWACTORS_SOURCE_DIR) + "/tests/captures"), options);
}

CAF_TEST(a flow has the number of its first frame) {
  std::vector<kept_frame> frames;
  for (const uint32_t from : {1u, 1u, 2u, 1u, 3u})
    frames.push_back({bytes_of(packet_of(from, 1, 9, 2, 17), "x"), second});
  tracker_options options;
  options.max_flows = 16;
  options.first_id = 2;
  options.id_step = 10;
  auto told = run(frames, 2, options).told;
  std::vector<std::string> ids;
  for (const auto& line : told)
    if (line.find(" created ") != std::string::npos)
      ids.push_back(line.substr(line.find("created ") + 8, 2));
  std::ranges::sort(ids);
  CAF_CHECK_EQUAL(ids, (std::vector<std::string>{"12", "32", "52"}));
}
