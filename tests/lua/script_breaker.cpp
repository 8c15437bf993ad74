#define CAF_SUITE lua_script_breaker
#include "lua/script_breaker.hpp"

#include "tests/suite.hpp"

using namespace flowactors;
using state = script_breaker::state;

namespace {

constexpr int64_t second = 1'000'000'000;

script_limits limits_with(limit_action action) {
  script_limits out;
  out.on_limit = action;
  out.breaches = 3;
  out.within = std::chrono::seconds(10);
  out.retry_after = std::chrono::seconds(20);
  return out;
}

} // namespace

CAF_TEST(breaches within the time suspend a script) {
  const auto limits = limits_with(limit_action::suspend);
  script_breaker aut{limits};
  CAF_CHECK(!aut.breach(0));
  CAF_CHECK(!aut.breach(second));
  CAF_CHECK(aut.closed());
  CAF_CHECK(aut.breach(10 * second));
  CAF_CHECK(aut.now() == state::suspended);
  CAF_CHECK(!aut.closed());
  CAF_CHECK(!aut.breach(11 * second));
}

CAF_TEST(breaches far from each other do not ) {
  const auto limits = limits_with(limit_action::suspend);
  script_breaker aut{limits};
  for (int64_t i = 0; i < 100; ++i)
    CAF_CHECK(!aut.breach(i * 6 * second));
  CAF_CHECK(aut.now() == state::running);
}

CAF_TEST(a trial that goes well ends the suspension) {
  const auto limits = limits_with(limit_action::suspend);
  script_breaker aut{limits};
  for (int i = 0; i < 3; ++i)
    aut.breach(0);
  CAF_CHECK(!aut.advance(20 * second - 1));
  CAF_CHECK(aut.advance(20 * second));
  CAF_CHECK(aut.now() == state::trial);
  CAF_CHECK(aut.closed());
  CAF_CHECK(!aut.advance(30 * second - 1));
  CAF_CHECK(aut.advance(30 * second));
  CAF_CHECK(aut.now() == state::running);
  CAF_CHECK(!aut.breach(30 * second));
}

CAF_TEST(a breach in the trial turns a script off for good) {
  const auto limits = limits_with(limit_action::suspend);
  script_breaker aut{limits};
  for (int i = 0; i < 3; ++i)
    aut.breach(0);
  aut.advance(20 * second);
  CAF_CHECK(aut.breach(21 * second));
  CAF_CHECK(aut.now() == state::off);
  CAF_CHECK(aut.settled());
  CAF_CHECK(!aut.advance(1000 * second));
  CAF_CHECK(!aut.closed());
}

CAF_TEST(breaches can be only counted or stop a script at once) {
  const auto keeping = limits_with(limit_action::keep);
  script_breaker kept{keeping};
  for (int i = 0; i < 100; ++i)
    CAF_CHECK(!kept.breach(0));
  CAF_CHECK(kept.closed());
  const auto stopping = limits_with(limit_action::stop);
  script_breaker stopped{stopping};
  CAF_CHECK(stopped.breach(0));
  CAF_CHECK(stopped.now() == state::off);
}

CAF_TEST(a grave breach suspends at once) {
  script_limits limits;
  limits.breaches = 5;
  script_breaker aut{limits};
  CAF_CHECK(aut.breach(0, true));
  CAF_CHECK(aut.now() == script_breaker::state::suspended);
  limits.on_limit = limit_action::keep;
  script_breaker keeping{limits};
  CAF_CHECK(!keeping.breach(0, true));
}
