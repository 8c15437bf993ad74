#pragma once

#include "bench/event_stream.hpp"
#include "bench/sample_flows.hpp"

#include <string>
#include <vector>

namespace flowactors::bench {

/// A script for both ways of calling.
struct benched_script {
  std::string ours;
  std::string naive; ///< the same work by what there was in 2017
};

/// ns an event, all scripts together.
struct event_cost {
  double median = 0; ///< of bursts
  double mean = 0;   ///< the collector's turns included, which come seldom
};

/// Scripts on a stream of events, each run in a VM of its own. Ends the process if a script fails.
class script_runs {
public:
  script_runs(std::vector<benched_script> scripts, flow_mix flows, event_mix events);

  /// Through script_vm::handle, in batches of `size`; 1 = one by one.
  event_cost ours(size_t size);

  /// In the way of 2017, one by one.
  event_cost naive();

private:
  std::vector<benched_script> scripts_;
  sample_flows samples_;
  event_stream stream_;
};

/// The median of costs, each figure by itself.
event_cost median_of(const std::vector<event_cost>& costs);

} // namespace flowactors::bench
