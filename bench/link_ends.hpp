#pragma once

#include "actors/node_identity.hpp"
#include "config/endpoint.hpp"

#include <string>
#include <vector>

namespace flowactors::bench {

/// What both ends of a link have to be told.
struct link_end {
  std::string name;
  tls_files files; ///< all empty = in the open
  uint64_t credit = 16384;
};

/// A node that runs a context with an empty flowUpdate: says where it listens on its standard
/// output, and once its standard input ends, what it has handled and what that cost.
void run_analyzer(const link_end& own, uint32_t shards);

struct sensor_load {
  std::vector<endpoint> to;
  double seconds = 3;
  double rate = 0; ///< events/s; 0 = as many as the links take
};

/// A node that sends made-up events to analyzers: says when its links run, begins with a line on
/// its standard input, and says at the end how many events came, what they cost, and how long each
/// took from being put until it was known to be handled.
void run_sensor(const link_end& own, const sensor_load& load);

} // namespace flowactors::bench
