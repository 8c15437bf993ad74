#pragma once

#include "actors/lane_counters.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace flowactors {

/// What a lane without credit does with the events of a live capture.
enum class shed_policy : uint8_t {
  newest, ///< those that come are lost
  oldest, ///< those that have waited longest are lost
  sample, ///< every second batch that waits is lost
};

struct lane_options {
  uint64_t most = 16384; ///< credit: events that may be under way
  shed_policy policy = shed_policy::newest;
  bool patient = true; ///< the capture waits for credit; nothing is shed
  bool blocks = true;  ///< `put` itself waits. If not, a patient lane may be overdrawn
};

/// What the context gets.
struct lane_delivery {
  /// Sequence number of the first event. They count up from 0 in each lane, over lost ones too.
  uint64_t first = 0;
  std::shared_ptr<const flow_batch> batch;
};

/// Joins one capture worker to one shard of one context. It is bounded: a batch takes credit when
/// it is put in, and gives it back once the context has settled it. One batch fits at any time.
///
/// The lane outlives the actors at its ends, so that a context's successor goes on where it
/// stopped. Thread-safe: one thread puts in, one takes out, and the supervisor looks on.
class lane {
public:
  explicit lane(const lane_options& options) : options_(options) {}

  lane_options options() const;

  // -- the capture

  /// Takes the batch; without credit it waits, or sheds. Null is ignored.
  void put(std::shared_ptr<const flow_batch> batch);

  /// A patient lane has no credit left: read no more for now.
  bool choked() const;

  /// Waits until it has some, or for this time. True if it has.
  bool wait(std::chrono::nanoseconds at_most);

  /// Packet time has come so far, and all events up to it were put in.
  void mark(int64_t now_ns);

  // -- the context

  /// From now on `wake` is called, in the capture's thread, when there is something to take again;
  /// and at once, if there is.
  void attach(std::function<void()> wake);
  void detach();

  /// The oldest batch; it is in hand until it is settled. Nothing = `wake` will be called.
  std::optional<lane_delivery> take();

  /// The batch in hand was handled; of several, the one that was taken first.
  void settle();

  /// The batches in hand are lost: whoever had them is gone.
  void forfeit();

  /// The newest mark, once all batches are settled; 0 = there was none.
  int64_t marked_ns() const;

  // -- the supervisor

  /// The context is gone: what it had in hand is lost.
  void break_off();

  /// What waits and what still comes is lost for this reason. What is in hand may still be settled.
  void close(lane_loss why);

  /// Takes back `close`, and goes on with these options.
  void open(const lane_options& options);

  /// Why it is closed, if it is.
  std::optional<lane_loss> closed() const;

  lane_counters counters() const;

private:
  struct item {
    uint64_t first;
    std::shared_ptr<const flow_batch> batch;
  };

  bool has_room(uint64_t weight) const noexcept;
  void make_room(uint64_t weight);
  void lose(lane_loss why, const flow_batch& batch) noexcept;
  void drop(std::deque<item>::iterator from, lane_loss why);
  void settled();
  void wake_up();

  mutable std::mutex mutex_; ///< of what follows
  lane_options options_;
  std::condition_variable credit_;
  std::function<void()> wake_;
  std::deque<item> items_;
  std::deque<std::shared_ptr<const flow_batch>> in_hand_; ///< oldest first
  uint64_t used_ = 0;                                     ///< credit
  bool idle_ = true;                                      ///< the context has found nothing
  int64_t marked_ns_ = 0;
  int64_t woken_ns_ = 0; ///< the mark of the last waking
  std::optional<lane_loss> closed_;
  lane_counters counters_;
};

} // namespace flowactors
