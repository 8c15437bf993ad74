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
#include <utility>
#include <vector>

namespace flowactors {

/// In lanes, in the place of a worker's number: what comes from other nodes.
inline constexpr uint32_t other_nodes = 65535;

/// What came over a link of another node.
struct peer_account {
  std::string node;
  std::string context;
  uint64_t received = 0; ///< events
  uint64_t done = 0;
};

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

  /// A link from this node for this context begins anew; what comes over it, and is done.
  void begin(const std::string& node, const std::string& context);
  void note_came(const std::string& node, const std::string& context, uint64_t events);
  void note_done(const std::string& node, const std::string& context, uint64_t events);

  /// The links that have come, by node and context, each since it began anew.
  std::vector<peer_account> peers() const;

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
  std::map<std::pair<std::string, std::string>, peer_account> peers_; ///< by node and context
  std::array<uint64_t, refusal_count> refused_{};
};

} // namespace flowactors
