#pragma once

#include "nodes/round_trips.hpp"

#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace flowactors {

/// The books of a link to a node.
struct link_account {
  std::string at;      ///< host:port
  std::string node;    ///< as it calls itself; empty = it has not yet said
  std::string state;   ///< connecting | running | lost | missing | ended
  std::string trouble; ///< of the last loss
  uint64_t connections = 0;
  uint64_t batches = 0; ///< sent, those sent again among them
  uint64_t resent = 0;  ///< batches
  uint64_t sent = 0;    ///< events, to the process that is there now
  uint64_t done = 0;    ///< of these, those that it has done
  uint64_t bytes = 0;   ///< of batches, before they are sealed
  round_trips trips;    ///< of batches that were said to be done
};

/// Adds it to that of the same place, or as a new one. State and trouble are those of the newer.
void merge(std::vector<link_account>& into, const link_account& more);

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, link_account& x) {
  return f(caf::meta::type_name("link_account"), x.at, x.node, x.state, x.trouble, x.connections,
           x.batches, x.resent, x.sent, x.done, x.bytes, x.trips);
}

} // namespace flowactors
