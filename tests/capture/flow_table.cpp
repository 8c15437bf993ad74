#define CAF_SUITE capture_flow_table
#include "capture/flow_table.hpp"

#include "capture/timer_wheel.hpp"
#include "tests/capture/packets.hpp"
#include "tests/suite.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <tuple>
#include <vector>

using namespace flowactors;
using namespace flowactors::test;

namespace {

uint32_t put(flow_table& table, const packet& p) {
  const uint32_t slot = table.insert(table.hash(p), false);
  flow_record& flow = table.record(slot);
  std::memcpy(flow.client_address, p.source.data(), 16);
  std::memcpy(flow.server_address, p.destination.data(), 16);
  flow.client_port = p.source_port;
  flow.server_port = p.destination_port;
  flow.protocol = p.protocol;
  flow.ip_version = p.ip_version;
  flow.vlan = p.vlan;
  return slot;
}

} // namespace

CAF_TEST(a flow is found from both ends and from nowhere else) {
  auto made = flow_table::make(64);
  CAF_REQUIRE(made);
  const packet p = packet_of(1, 1000, 2, 80);
  const uint32_t slot = put(*made, p);
  const auto there = made->find(made->hash(p), p);
  CAF_CHECK_EQUAL(there.slot, slot);
  CAF_CHECK(there.from_client);
  const packet back = reply_to(p);
  CAF_CHECK_EQUAL(made->hash(back), made->hash(p));
  const auto answer = made->find(made->hash(back), back);
  CAF_CHECK_EQUAL(answer.slot, slot);
  CAF_CHECK(!answer.from_client);
  auto other = p;
  other.vlan = 7;
  CAF_CHECK_EQUAL(made->find(made->hash(p), other).slot, no_slot);
  other = p;
  other.protocol = 17;
  CAF_CHECK_EQUAL(made->find(made->hash(p), other).slot, no_slot);
  other = p;
  std::swap(other.source_port, other.destination_port);
  CAF_CHECK_EQUAL(made->find(made->hash(p), other).slot, no_slot);
}

CAF_TEST(it agrees with a map over many random steps) {
  constexpr uint32_t max = 500;
  auto made = flow_table::make(max);
  CAF_REQUIRE(made);
  flow_table& table = *made;
  std::map<std::tuple<uint32_t, uint32_t>, uint32_t> expected;
  std::mt19937 random{42};
  int wrong = 0;
  for (int step = 0; step < 200'000; ++step) {
    const uint32_t a = random() % 40, b = 40 + random() % 40;
    const packet p = packet_of(a, 1, b, 2);
    const packet way = random() % 2 != 0 ? p : reply_to(p);
    const auto known = expected.find({a, b});
    const auto found = table.find(table.hash(way), way);
    wrong += found.slot != (known == expected.end() ? no_slot : known->second);
    if (known != expected.end() && random() % 2 != 0) {
      table.erase(known->second);
      expected.erase(known);
    } else if (known == expected.end() && !table.full()) {
      expected[{a, b}] = put(table, p);
    }
  }
  CAF_CHECK_EQUAL(wrong, 0);
  CAF_CHECK_EQUAL(table.size(), expected.size());
}

CAF_TEST(slots come again blank and under another generation) {
  auto made = flow_table::make(16);
  CAF_REQUIRE(made);
  const packet p = packet_of(1, 1, 2, 2);
  const uint32_t slot = put(*made, p);
  const uint32_t generation = made->record(slot).generation;
  made->record(slot).client.bytes = 99;
  made->erase(slot);
  CAF_CHECK_EQUAL(put(*made, packet_of(3, 1, 4, 2)), slot);
  CAF_CHECK_NOT_EQUAL(made->record(slot).generation, generation);
  CAF_CHECK_EQUAL(made->record(slot).client.bytes, 0u);
  CAF_CHECK_EQUAL(made->find(made->hash(p), p).slot, no_slot);
}

CAF_TEST(slots do not depend on the seed) {
  std::vector<uint32_t> orders[2];
  for (auto& order : orders) {
    auto made = flow_table::make(1000);
    CAF_REQUIRE(made);
    std::mt19937 random{7};
    std::vector<uint32_t> live;
    for (int i = 0; i < 5000; ++i) {
      if (!live.empty() && (made->full() || random() % 3 == 0)) {
        const size_t victim = random() % live.size();
        made->erase(live[victim]);
        live.erase(live.begin() + static_cast<ptrdiff_t>(victim));
      } else {
        live.push_back(put(*made, packet_of(random() % 100000, 1, 200000, 2)));
        order.push_back(live.back());
      }
    }
  }
  CAF_CHECK(orders[0] == orders[1]);
}

CAF_TEST(the wheel wakes at the deadline or up to a second later) {
  auto made = flow_table::make(4096);
  CAF_REQUIRE(made);
  flow_state* states = made->states();
  timer_wheel wheel;
  const int64_t start = 1'000'000'000'000;
  wheel.reset(start);
  std::mt19937_64 random{3};
  std::vector<int64_t> deadlines;
  for (uint32_t i = 0; i < 4096; ++i) {
    put(*made, packet_of(i, 1, 90000, 2));
    deadlines.push_back(
      start
      + static_cast<int64_t>(random() % 3'000'000'000'000)); // up to 50 minutes: several turns
    wheel.schedule(states, i, deadlines[i]);
  }
  std::vector<int64_t> woken(4096, 0);
  size_t early = 0;
  for (int64_t now = start; now < start + 3'002'000'000'000; now += 250'000'000) {
    if (!wheel.due(now))
      continue;
    wheel.advance(states, now, [&](uint32_t slot) {
      if (now < deadlines[slot]) { // beyond the span of the wheel: put off
        ++early;
        wheel.schedule(states, slot, deadlines[slot]);
      } else {
        woken[slot] = now;
      }
    });
  }
  int wrong = 0;
  for (uint32_t i = 0; i < 4096; ++i)
    wrong += woken[i] < deadlines[i] || woken[i] > deadlines[i] + 2'000'000'000;
  CAF_CHECK_EQUAL(wrong, 0);
  CAF_CHECK(early > 0 && early < 4096 * 3);
}

CAF_TEST(the wheel survives a jump of years) {
  auto made = flow_table::make(16);
  CAF_REQUIRE(made);
  timer_wheel wheel;
  wheel.reset(0);
  put(*made, packet_of(1, 1, 2, 2));
  wheel.schedule(made->states(), 0, 5'000'000'000);
  int calls = 0;
  wheel.advance(made->states(), 1'700'000'000'000'000'000, [&](uint32_t) { ++calls; });
  CAF_CHECK_EQUAL(calls, 1);
  CAF_CHECK(!wheel.due(1'700'000'000'000'000'000));
}
