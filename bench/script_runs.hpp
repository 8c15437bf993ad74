#pragma once

#include "bench/event_stream.hpp"
#include "bench/sample_flows.hpp"

#include <memory>
#include <string>
#include <vector>

namespace flowactors {
class script_vm;
}

namespace flowactors::bench {

class naive_vm;

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

  /// One by one in both ways by turns, so short that what slows the machine strikes both alike: how
  /// many times as long the way of 2017 takes, the median of many turns.
  double naive_to_ours();

private:
  std::unique_ptr<script_vm> make_vm() const;
  void run_one_by_one(script_vm& vm, size_t number);
  void run_naive(naive_vm& vm, size_t number);

  std::vector<benched_script> scripts_;
  sample_flows samples_;
  event_stream stream_;
};

double median_of(std::vector<double> values);

/// The median of costs, each figure by itself.
event_cost median_of(const std::vector<event_cost>& costs);

} // namespace flowactors::bench
