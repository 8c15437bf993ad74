#define CAF_SUITE nodes_route
#include "nodes/route.hpp"

#include "tests/suite.hpp"

#include <algorithm>
#include <cstring>

using namespace flowactors;

namespace {

struct fixture {
  std::vector<uint32_t> picks() const {
    std::vector<uint32_t> out;
    for (uint32_t i = 0; i < 9000; ++i) {
      flow_record flow{};
      std::memcpy(flow.client_address + 12, &i, sizeof(i));
      out.push_back(aut.pick(flow));
    }
    return out;
  }

  route aut{{"10.0.0.1:4711", "10.0.0.2:4711", "10.0.0.3:4711"}};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(route_tests, fixture)

CAF_TEST(each node gets about its share) {
  for (uint32_t node = 0; node < 3; ++node) {
    const auto share = std::ranges::count(picks(), node);
    CAF_CHECK_GREATER(share, 2700);
    CAF_CHECK_LESS(share, 3300);
  }
}

CAF_TEST(when a node goes its share alone moves and comes back) {
  const auto before = picks();
  CAF_CHECK(aut.set_up(1, false));
  CAF_CHECK(!aut.set_up(1, false));
  const auto without = picks();
  for (size_t i = 0; i < before.size(); ++i) {
    CAF_CHECK(without[i] != 1);
    CAF_CHECK(before[i] == 1 || without[i] == before[i]);
  }
  CAF_CHECK(aut.set_up(1, true));
  CAF_CHECK(picks() == before);
}

CAF_TEST(the last node stays) {
  CAF_CHECK(aut.set_up(0, false));
  CAF_CHECK(aut.set_up(2, false));
  CAF_CHECK(!aut.set_up(1, false));
  CAF_CHECK(aut.is_up(1));
}

CAF_TEST_FIXTURE_SCOPE_END()
