#pragma once

#include "outputs/report.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// What came of the last reload.
struct reload_status {
  uint64_t count = 0; ///< reloads so far; 0 = the rest means nothing
  bool loaded = false;
  int64_t pause_ns = 0; ///< the longest that the exchange of inline scripts held up packets
  std::chrono::system_clock::time_point at;
  std::vector<std::string> kept;
  std::vector<std::string> faults;
};

/// A worker of an input, and how far it is.
struct input_status {
  std::string name;
  uint32_t worker = 1;  ///< of the input, from 1
  uint32_t workers = 1; ///< that the input has
  bool live = false;
  std::string state; ///< reading | ended | silent (gave no answer in time)
  uint64_t packets = 0;
};

/// A context: the scripts of a folder, in one VM or several.
struct context_status {
  std::string name;
  std::string state;  ///< running | ended | parked | removed
  std::string reason; ///< of that it is parked, or of its last breakdown
  std::vector<std::string> scripts;
  uint64_t machines = 0; ///< VMs
  bool compiled = false;
  uint64_t events = 0; ///< handled
  uint64_t rebuilds = 0;
  uint64_t dropped_bytes = 0; ///< written beyond the bound of a second
};

/// How a run goes, as of one moment. A value: whoever has it sees no more of the run.
struct run_status {
  std::string phase; ///< running | draining
  std::chrono::duration<double> elapsed{0};
  report account; ///< its memory and times are those of the process
  std::vector<input_status> inputs;
  std::vector<context_status> contexts;
  reload_status reload;
};

using shared_status = std::shared_ptr<const run_status>;

} // namespace flowactors
