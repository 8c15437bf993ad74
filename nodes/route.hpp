#pragma once

#include "capture/flow.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace flowactors {

/// Which of several nodes gets the flows of a client: rendezvous hashing (Thaler and Ravishankar,
/// "Using name-based mappings to increase hit rates", 1998). Each node has a number for each
/// client, and the highest one that is up wins; so when one goes, its clients alone move, and they
/// come back with it. At most 64 nodes.
///
/// Thread-safe: captures pick, links say who is up.
class route {
public:
  explicit route(const std::vector<std::string>& nodes);

  uint32_t size() const noexcept { return static_cast<uint32_t>(seeds_.size()); }

  /// The place of the node for the client of this flow.
  uint32_t pick(const flow_record& flow) const noexcept;

  /// Tells that a node can be used or not; true if that was not known. The last one stays in use.
  bool set_up(uint32_t place, bool up) noexcept;

  bool is_up(uint32_t place) const noexcept { return ((up_.load() >> place) & 1) != 0; }

private:
  std::vector<uint64_t> seeds_;
  std::atomic<uint64_t> up_;
};

} // namespace flowactors
