#pragma once

#include "actors/lane_writer.hpp"
#include "capture/source.hpp"
#include "capture/tracker.hpp"
#include "config/settings.hpp"
#include "lua/script_vm.hpp"
#include "outputs/record_queue.hpp"

#include <string>
#include <vector>

namespace flowactors {

// What the settings mean to each part.

tracker_options tracker_options_of(const settings& from);
live_options live_options_of(const settings& from);

/// Without names, arena, output and store, which the caller has.
script_vm_options script_options_of(const settings& from);

/// The same for a context of that name.
script_vm_options script_options_of(const settings& from, const std::string& context,
                                    const settings::context_section& section);
value_store::limits store_limits_of(const settings& from);

/// A lane to a context. `blocks`: the capture has a thread that may wait.
lane_options lane_options_of(const settings& from, const settings::context_section& context,
                             bool blocks);

batch_options batch_options_of(const settings::context_section& context, event_mask kinds);

/// The queue of an output.
record_queue_options queue_options_of(const settings& from, const settings::output_section& output);

/// What one capture actor is to read: one interface, or paths one after another.
struct capture_order {
  std::string name;
  std::string interface; ///< empty = paths
  std::vector<std::string> paths;
  uint32_t workers = 1;  ///< capture actors that share the work
  uint64_t first_id = 0; ///< of the first worker's flows; see tracker_options
  bool retries = false;  ///< an interface that is gone is waited for
  bool operator==(const capture_order&) const = default;
};

/// The inputs that the settings ask for: one for all paths, then one for each interface.
std::vector<capture_order> plan_captures(const settings& from);

/// The options of one worker of an input. Of paths a worker sees all packets and takes its share;
/// of an interface it sees those that the kernel gives it. No two flows of a run have one id.
tracker_options tracker_options_of(const settings& from, const capture_order& order,
                                   uint32_t worker);

} // namespace flowactors
