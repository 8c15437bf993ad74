#pragma once

#include "outputs/record_queue.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace flowactors {

/// Records that producers have handed to an output.
struct record_account {
  std::string output;
  uint64_t emitted = 0;                           ///< by scripts
  std::array<uint64_t, event_kind_count> flows{}; ///< of flows, by kind
};

/// Adds it to what was handed to the same output, or to the list.
void merge(std::vector<record_account>& into, const record_account& more);

/// The producer's end of all queues: a batch under way to each output. One for each producer, a
/// capture with its scripts, say; thread-safe, because scripts may speak while they are loaded, and
/// because outputs come and go at a reload.
class record_ports {
public:
  explicit record_ports(const std::vector<std::shared_ptr<record_queue>>& queues);

  /// These outputs from now on. The others get what is under way for them.
  void set(const std::vector<std::shared_ptr<record_queue>>& queues);

  /// Whether there is an output for what scripts emit.
  bool takes_emits() const noexcept { return emits_.load(std::memory_order_relaxed); }

  /// The events of flows that outputs want.
  event_mask flows() const noexcept { return flows_.load(std::memory_order_relaxed); }

  /// False if no output wants it, which a reload may have brought about a moment ago.
  bool add(const script_record& record);
  void add(const flow_event& event);

  /// Hands on what is under way; on a replay this may wait for the outputs.
  void flush();

  /// What was handed to each output that there was.
  std::vector<record_account> account() const;

private:
  static constexpr size_t batch_bytes = 64u << 10;

  struct port {
    std::shared_ptr<record_queue> queue;
    record_batch batch;
    record_account handed;
  };

  mutable std::mutex mutex_; ///< of what follows
  std::vector<port> ports_;
  std::vector<record_account> former_; ///< of outputs that are gone
  std::atomic<bool> emits_ = false;
  std::atomic<event_mask> flows_ = 0;
};

} // namespace flowactors
