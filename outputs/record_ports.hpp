#pragma once

#include "outputs/record_queue.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <vector>

namespace flowactors {

/// What a producer has handed to the outputs, each record once for all of them.
struct record_account {
  uint64_t emitted = 0;
  std::array<uint64_t, event_kind_count> flows{}; ///< records of flows, by kind
};

/// The producer's end of all queues: a batch under way to each output. One for each producer, a
/// capture with its scripts, say; thread-safe, because scripts may speak while they are loaded.
class record_ports {
public:
  explicit record_ports(std::vector<std::shared_ptr<record_queue>> queues);

  /// Whether there is an output for what scripts emit.
  bool takes_emits() const noexcept { return emits_; }

  /// The events of flows that outputs want.
  event_mask flows() const noexcept { return flows_; }

  void add(const script_record& record);
  void add(const flow_event& event);

  /// Hands on what is under way; on a replay this may wait for the outputs.
  void flush();

  record_account account() const;

private:
  static constexpr size_t batch_bytes = 64u << 10;

  struct port {
    std::shared_ptr<record_queue> queue;
    record_batch batch;
  };

  mutable std::mutex mutex_; ///< of what follows
  std::vector<port> ports_;
  record_account account_;
  bool emits_ = false;
  event_mask flows_ = 0;
};

} // namespace flowactors
