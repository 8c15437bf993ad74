#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace flowactors::bench {

/// How events reach the scripts.
enum class delivery : uint8_t { one_by_one, batches };

/// What a hostile script did to its VM and to the honest scripts on both sides of it.
struct hostile_figures {
  bool ended = false;        ///< the process came back; else it crashed or was killed after 60 s
  double worst_ms = 0;       ///< from deadline to interruption, the longest of all events, by wall
  double worst_cpu_ms = 0;   ///< the same by the clock of the thread
  uint64_t grown_kb = 0;     ///< peak of the process beyond what it was before it made the VM
  uint64_t rebuilds = 0;     ///< VMs that had to be left
  uint64_t errors = 0;       ///< calls of the hostile script that ended with an error
  uint64_t limits[7] = {};   ///< of them by broken limit, as in limit_kind
  uint64_t honest_calls = 0; ///< of both honest scripts, without errors
  char honest_result[64] = {};
};

/// Runs `script` (empty = none) between two honest scripts in a process of its own, with the
/// default limits of the inline context but for `keep`: it goes on after each breach. `events`
/// flows are created; in batches each creation is followed by 31 updates, which the honest scripts
/// see.
hostile_figures run_hostile(const std::filesystem::path& script, delivery way, size_t events);

} // namespace flowactors::bench
