#pragma once

#include "actors/lane.hpp"
#include "nodes/route.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// How the events of one worker become batches.
struct batch_options {
  event_mask kinds = 0; ///< those for which the scripts have callbacks
  uint32_t shards = 1;
  uint32_t events = 256;                                           ///< the most of a batch
  std::chrono::nanoseconds linger = std::chrono::milliseconds(20); ///< the oldest it gets
  std::shared_ptr<const route> nodes; ///< shares out the clients; null = the shards are all here
  bool operator==(const batch_options&) const = default;
};

/// What a worker has done for one lane. Equation, between two bursts of packets:
///   emitted = collecting + put
struct lane_sending {
  std::string context;
  uint32_t shard = 0;
  uint32_t worker = 0;
  kind_counts emitted{};    ///< events for this lane
  kind_counts collecting{}; ///< in the batch that is under way
  kind_counts put{};        ///< in batches that were put into the lane
};

/// Adds it to what was done for the same lane, or to the list.
void merge(std::vector<lane_sending>& into, lane_sending more);

/// A lane, and whose it is.
struct named_lane {
  std::string context;
  std::shared_ptr<lane> to;
};

/// A worker's end of the lanes of contexts that want the same: one batch is made for all of them,
/// and shared.
class lane_writer {
public:
  using clock = std::chrono::steady_clock;

  /// `lanes`: for each shard one of each context.
  lane_writer(uint32_t worker, const batch_options& options,
              std::vector<std::vector<named_lane>> lanes);

  const batch_options& options() const noexcept { return options_; }

  /// An event of a kind that is wanted.
  void add(event_kind kind, flow_record& flow, const flow_text& text, int64_t now_ns);

  /// Sends batches that are older than `linger`, or `all`; and tells how far packet time is.
  void flush(int64_t now_ns, bool all);

  /// The first lane that the capture has to wait for, or null.
  lane* choked() const;

  std::vector<lane_sending> account() const;

private:
  struct shard {
    flow_batch_writer batch;
    std::vector<named_lane> lanes;
    clock::time_point since; ///< when the batch was begun
    kind_counts emitted{};
    kind_counts put{};
  };

  void send(shard& to);

  const uint32_t worker_;
  const batch_options options_;
  std::vector<shard> shards_;
};

/// The shard that sees all flows of a client.
uint32_t shard_of(const flow_record& flow, uint32_t shards) noexcept;

} // namespace flowactors
