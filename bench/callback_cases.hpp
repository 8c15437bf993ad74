#pragma once

#include "bench/script_runs.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace flowactors::bench {

/// What a call may cost at most, ns.
struct call_targets {
  double one_by_one;
  double in_64; ///< in batches of 64
  double in_256;
};

/// A callback, the same in each script of a run.
struct callback_case {
  std::string name;
  benched_script script;
  flow_mix flows;
  call_targets targets;
  double share =
    0; ///< so many times as long the way of 2017 has to take for one script; 0 = no target
};

/// Empty, five fields, and everything.
std::vector<callback_case> callback_cases();

/// The scripts of a folder, in name order. They are written for us; what 2017 gets has a method
/// call for each field.
std::vector<benched_script> realistic_scripts(const std::filesystem::path& folder);

} // namespace flowactors::bench
