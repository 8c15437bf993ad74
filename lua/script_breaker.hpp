#pragma once

#include "lua/script_limits.hpp"

#include <cstdint>
#include <deque>

namespace flowactors {

/// Keeps a script that breaks its limits from running (a circuit breaker).
///
///   running --`breaches` within `within`--> suspended --`retry_after`--> trial
///   trial --no breach for `within`--> running          trial --a breach--> off
///
/// Times are nanoseconds of any clock that only goes forward.
class script_breaker {
public:
  enum class state : uint8_t { running, suspended, trial, off };

  explicit script_breaker(const script_limits& limits) : limits_(&limits) {}

  /// True if the script may be called.
  bool closed() const noexcept { return state_ == state::running || state_ == state::trial; }

  state now() const noexcept { return state_; }

  /// True if nothing changes as time goes by.
  bool settled() const noexcept { return state_ == state::running || state_ == state::off; }

  /// A limit was broken. A `grave` breach, which cost the VM's memory, counts for as many as
  /// suspend the script. True if that changed the state.
  bool breach(int64_t now_ns, bool grave = false);

  /// Lets time go by. True if that changed the state.
  bool advance(int64_t now_ns) noexcept;

  /// Turns it off at once.
  void turn_off() noexcept { state_ = state::off; }

private:
  const script_limits* limits_;
  state state_ = state::running;
  std::deque<int64_t> recent_; // breaches within `within`, at most `breaches`
  int64_t since_ns_ = 0;       // when the state began
};

/// The state's name in reports ("suspended").
const char* to_string(script_breaker::state state) noexcept;

} // namespace flowactors
