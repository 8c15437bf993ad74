#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace flowactors {

/// What all links of a process, and its listener, know of it.
struct node_identity {
  std::string name;
  uint64_t incarnation = 0; ///< another for each process that ever was
  uint64_t names = 0;       ///< see names_hash
  std::chrono::nanoseconds heartbeat = std::chrono::seconds(1);
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
};

} // namespace flowactors
