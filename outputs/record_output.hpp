#pragma once

#include "outputs/record_json.hpp"
#include "outputs/record_queue.hpp"
#include "outputs/record_sink.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// What an output has to say to the log.
struct output_news {
  bool trouble; ///< it began; false = it is over
  std::string what;
};

/// Brings what waits in a queue to a sink, a piece of work at a time. Used by one thread.
///
///   open --error--> away --opened again--> open
///                     (back-off from 100 ms to 5 s; the queue goes on filling)
///   any --the reader is gone for good, or the end--> closed
class record_output {
public:
  /// What to do next: go on at once, wait for the queue's wake, or come again later.
  struct turn {
    enum class kind : uint8_t { again, idle, later } next;
    std::chrono::milliseconds delay{0};
  };

  using clock = std::chrono::steady_clock;

  record_output(std::shared_ptr<record_queue> queue, std::unique_ptr<record_sink> sink,
                const catalog* names, uint16_t community_id_seed);

  /// Opens the sink. An output whose sink can't be opened may be used all the same: it tries again.
  result<void> open(clock::time_point now);

  /// One piece of work; waits no longer than the sink does. Idle = nothing is left to do.
  turn work(clock::time_point now);

  /// A file that was moved away is made anew, once the lines at hand are written.
  result<void> reopen();

  /// Gives up what still waits.
  void close(record_loss why);

  /// Bytes that the sink took so far: it moves on.
  uint64_t moved() const noexcept { return moved_; }

  record_loss loss() const noexcept { return sink_->loss(); }
  /// It failed, and nothing was taken since.
  bool in_trouble() const noexcept { return delay_ != first_delay; }
  const std::string& name() const noexcept { return sink_->name(); }
  record_counters counters() const { return queue_->counters(); }

  std::vector<output_news> take_news() noexcept { return std::exchange(news_, {}); }

private:
  bool empty() const noexcept { return line_ == json_.line_ends().size(); }
  bool fill();
  turn try_again(clock::time_point now);
  turn settle(const sink_outcome& outcome, clock::time_point now);
  void advance(size_t bytes);
  size_t line_begin() const noexcept;
  void go_away(const std::string& what, clock::time_point now);

  static constexpr std::chrono::milliseconds first_delay{100}, last_delay{5'000};

  std::shared_ptr<record_queue> queue_;
  std::unique_ptr<record_sink> sink_;
  record_json json_; ///< the lines at hand
  record_batch batch_;
  size_t line_ = 0; ///< the first that is not written whole
  size_t done_ = 0; ///< bytes written of the lines at hand
  bool away_ = true;
  bool closed_ = false;
  clock::time_point retry_at_;
  std::chrono::milliseconds delay_ = first_delay;
  uint64_t moved_ = 0;
  std::vector<output_news> news_;
  std::string told_; ///< the last trouble
};

} // namespace flowactors
