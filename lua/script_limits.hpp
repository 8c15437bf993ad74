#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flowactors {

/// The bounds that a script can break. Each is counted by itself.
enum class limit_kind : uint8_t {
  deadline,  ///< a call took too long
  memory,    ///< the VM held too much
  pattern,   ///< a search took too many steps
  string,    ///< a text would be too long
  sort,      ///< a list was too long to sort
  recursion, ///< calls within calls
  output,    ///< a script wrote most of what is too much for a second
  other,
};

inline constexpr size_t limit_kind_count = 8;

/// Counts by kind.
using limit_counts = std::array<uint64_t, limit_kind_count>;

/// The kind's name in messages and reports ("deadline").
const char* to_string(limit_kind kind) noexcept;

/// The kind of that name; `other` if there is none.
limit_kind limit_kind_of(std::string_view name) noexcept;

/// What happens to a script that breaks its limits.
enum class limit_action : uint8_t {
  suspend, ///< after some breaches it rests, gets one trial, and then is off until the next reload
  keep,    ///< breaches are counted, it goes on
  stop,    ///< the first breach turns it off until the next reload
};

/// More calls within each other than LuaJIT's stack (65,500 slots) has room for.
inline constexpr uint32_t deepest_stack = 20'000;

/// The bounds of a VM's scripts.
struct script_limits {
  std::chrono::nanoseconds deadline = std::chrono::milliseconds(1); ///< of a call; 0 = none
  std::chrono::nanoseconds load_deadline = std::chrono::seconds(1); ///< of a file's chunk; 0 = none
  size_t memory = size_t{64} << 20;     ///< bytes a VM may hold; scripts get errors from 3/4 on
  uint64_t output = uint64_t{64} << 20; ///< bytes a second, all scripts together; 0 = no bound
  uint64_t pattern_steps = 200'000;     ///< of one search, plus eight for each byte searched
  uint32_t recursion = deepest_stack;   ///< calls within each other, looked at where the clock is
  limit_action on_limit = limit_action::suspend;
  uint32_t breaches = 5; ///< so many within `within` suspend a script
  std::chrono::nanoseconds within = std::chrono::seconds(60);
  std::chrono::nanoseconds retry_after = std::chrono::seconds(30);
};

} // namespace flowactors
