#pragma once

#include "outputs/record_batch.hpp"
#include "outputs/record_counters.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace flowactors {

struct record_queue_options {
  std::string name; ///< of the output
  size_t max_bytes = 16u << 20;
  size_t max_record = 256u << 10; ///< bytes of what a script emits
  bool emits = true;              ///< takes what scripts emit
  event_mask flows = 0;           ///< takes these events of flows
  /// Whether producers wait for room, as a replay does. If not, what finds no room is lost.
  bool patient = false;
  /// How long one that waits does so while the output can't be written.
  std::chrono::milliseconds patience{10'000};
};

/// What waits for one output: batches from any number of threads, taken by the output's own. The
/// bound is that of memory: one batch more fits if the queue was empty. Nobody waits for a live
/// capture's outputs; on a replay, producers wait as long as the output goes on, and `patience` if
/// it can't be written.
class record_queue {
public:
  /// `wake` is called in the producer's thread when there is something to take again.
  record_queue(const record_queue_options& options, std::function<void()> wake);

  const record_queue_options& options() const noexcept { return options_; }

  // -- producers

  /// Takes the batch, or loses it as a whole; it is empty afterwards.
  void put(record_batch& batch);

  /// The same for records of other nodes, for which nobody waits.
  void put_foreign(record_batch& batch);

  /// Counts records that are not even handed over.
  void refuse(record_loss why, uint64_t records);

  // -- the output

  /// The oldest batch; false if there is none. What was taken counts as waiting until it is
  /// settled.
  bool take(record_batch& out);

  /// Settles records that were taken.
  void written(uint64_t records, uint64_t bytes);

  void count_file();
  void count_retry();

  /// What keeps the output from being written; none = nothing does.
  void set_trouble(std::optional<record_loss> why);

  /// Everything that waits, also what was taken, or still comes is lost for this reason.
  void close(record_loss why);

  /// From now on nobody waits. From any thread.
  void hurry();
  bool hurried() const;

  record_counters counters() const;

private:
  void put(record_batch& batch, bool foreign);
  bool has_room(size_t bytes) const noexcept;
  bool wait_for_room(std::unique_lock<std::mutex>& lock, size_t bytes);
  void lose(record_loss why, uint64_t records) noexcept;

  const record_queue_options options_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_; ///< of what follows
  std::condition_variable room_;
  std::deque<record_batch> batches_;
  std::vector<record_batch> spare_; ///< empty, with their memory
  size_t bytes_ = 0;                ///< of the batches
  bool hurried_ = false;
  bool given_up_ = false; ///< one has waited long enough; the others need not
  std::optional<record_loss> trouble_;
  std::optional<record_loss> closed_;
  record_counters counters_;
};

} // namespace flowactors
