#pragma once

#include "lua/script_limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace flowactors::bench {

/// What scripts stand under.
struct treatment {
  const char* name;
  size_t batch; ///< events at once; 1 = one by one
  std::chrono::milliseconds deadline;
};

/// Flows at their packets, as inline scripts get them; the same in batches; and as contexts get
/// them.
inline constexpr treatment inline_calls{"inline, one by one", 1, std::chrono::milliseconds(1)};
inline constexpr treatment inline_batches{"inline limits, in batches of 32", 32,
                                          std::chrono::milliseconds(1)};
inline constexpr treatment in_context{"in a context, in batches of 32", 32,
                                      std::chrono::milliseconds(50)};

/// What a hostile script did to its VM and to the honest scripts on both sides of it.
struct hostile_figures {
  bool ended = false;      ///< the process came back; else it crashed or was killed after 60 s
  double worst_ms = 0;     ///< from deadline to interruption, the longest of all events, by wall
  double worst_cpu_ms = 0; ///< the same by the clock of the thread
  uint64_t grown_kb = 0;   ///< peak of the process beyond what it was before it made the VM
  uint64_t rebuilds = 0;   ///< VMs that had to be left
  uint64_t errors = 0;     ///< calls of the hostile script that ended with an error
  uint64_t limits[limit_kind_count] = {}; ///< of them by broken limit
  uint64_t honest_events = 0;             ///< that both honest scripts had to handle
  uint64_t honest_calls = 0;              ///< that they handled without an error
  char honest_result[64] = {};
};

/// Runs `script` (empty = none) between two honest scripts in a process of its own, with the
/// default limits but for the deadline and `keep`: it goes on after each breach. `events` flows are
/// created; in batches each creation is followed by updates, which the honest scripts see.
hostile_figures run_hostile(const std::filesystem::path& script, const treatment& under,
                            size_t events);

} // namespace flowactors::bench
