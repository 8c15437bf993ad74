#pragma once

#include "actors/lane.hpp"
#include "actors/lane_writer.hpp"
#include "nodes/refusal.hpp"

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace flowactors {

/// In lanes, in the place of a worker's number: what comes from other nodes.
inline constexpr uint32_t other_nodes = 65535;

/// Where events from other nodes enter the contexts of this one. Thread-safe: the listener puts,
/// the supervisor says which contexts there are and reads the books.
class node_ports {
public:
  struct port {
    std::vector<std::shared_ptr<lane>> lanes; ///< one to each shard
    uint64_t credit = 0;                      ///< events, for each link
  };

  /// From now on these contexts take events, and no others.
  void open(std::map<std::string, port> ports);

  /// The credit of a context, if it takes events.
  std::optional<uint64_t> credit_of(const std::string& context) const;

  /// Puts the batch into the context's lanes, and `done` goes when all of it is done. False if the
  /// context takes no events any more.
  bool put(const std::string& context, std::shared_ptr<const flow_batch> batch,
           const std::shared_ptr<void>& done);

  void mark(const std::string& context, int64_t now_ns);

  /// Counts a node that was sent away; how many it are for this reason.
  uint64_t refuse(refusal why);

  std::array<uint64_t, refusal_count> refused() const;

  /// What was put, as a worker tells it.
  std::vector<lane_sending> account() const;

private:
  void put_shard(const std::string& context, uint32_t shard, lane& to,
                 std::shared_ptr<const flow_batch> batch, const std::shared_ptr<void>& done);

  mutable std::mutex mutex_; ///< of what follows
  std::map<std::string, port> ports_;
  std::vector<lane_sending> books_;
  std::array<uint64_t, refusal_count> refused_{};
};

} // namespace flowactors
