#pragma once

#include "actors/options.hpp"
#include "capture/shared_paths.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace flowactors {

/// All that one capture actor reads: an interface, or paths one after another, each opened when its
/// turn comes. A path that can't be opened or fails half way is a failure, and the next follows. An
/// interface that was open and fails may be opened again, after pauses that grow.
/// `wake`, `stop` and `leave` may be called from any thread; everything else belongs to the capture
/// actor.
class input {
public:
  /// Gives null when it is too early.
  using opener = std::function<result<std::unique_ptr<source>>()>;

  /// An input for each worker of the order. Those of an interface get a share of its packets each,
  /// those of paths all packets, each at its own pace.
  static std::vector<std::shared_ptr<input>> make(const capture_order& order,
                                                  const live_options& live,
                                                  const decoder_options& decoding);

  /// Opens the interface, or the path whose turn it is, if that has not been done. `read` does it
  /// too; who calls this first knows that packets are captured from here on.
  void open();

  /// The next frames, as `source::read`; 0 also when one path has ended and before the next begins.
  size_t read(std::span<frame> out);

  bool at_end() const noexcept { return current_ == nullptr && next_ == openers_.size(); }
  bool live() const noexcept { return live_; }
  const std::string& name() const noexcept { return name_; }
  size_t worker() const noexcept { return worker_; } ///< of those of this input, from 0

  source_counters counters() noexcept;
  source::progress_bytes progress() const noexcept;

  /// Makes a `read` that waits, or the next one, return soon: its thread shall look at its mailbox.
  void wake() noexcept;

  /// As source::set_filter, also for an interface that is opened later.
  result<void> set_filter(const std::string& filter);

  /// Ends reading for good; a `read` that is blocked returns soon.
  void stop() noexcept;
  bool stopped() const noexcept { return stopped_ || (shared_ != nullptr && shared_->stopped()); }

  /// True after `stop` while `read` still has to give what other workers of these paths were given.
  bool owes() const noexcept { return shared_ != nullptr && stopped() && !at_end(); }

  /// Whoever reads this has broken down: other workers of the input wait for it no more.
  void leave() noexcept;

  /// Faults since the last call: what was left out of a path that went on, and what ended one.
  std::vector<error> take_warnings();
  std::vector<error> take_failures() noexcept { return std::exchange(failures_, {}); }

private:
  input(const capture_order& order, size_t worker)
    : name_(order.name),
      live_(!order.interface.empty()),
      worker_(worker),
      retries_(live_ && order.retries) {}
  void add_paths(const capture_order& order, const live_options& live,
                 std::shared_ptr<shared_paths> shared);
  void open_next();
  void close();
  void lose(const error& why);
  bool rest();

  class interface_group;
  using pause = std::chrono::milliseconds;
  static constexpr pause first_pause{50};
  static constexpr pause longest_pause{5000};
  static constexpr pause longest_rest{100}; ///< the mailbox is looked at then

  std::string name_;
  bool live_;
  size_t worker_;             ///< of this input, from 0
  bool retries_;              ///< an interface that fails is opened again
  bool lost_ = false;         ///< it failed, and has not been opened since
  pause pause_ = first_pause; ///< after the next failure
  std::chrono::steady_clock::time_point again_at_;
  std::vector<opener> openers_;
  std::shared_ptr<interface_group> group_; ///< of an interface
  std::shared_ptr<shared_paths> shared_;   ///< null = nobody else reads these paths
  std::vector<uint64_t> sizes_;            ///< bytes of each path, 0 = not known
  size_t next_ = 0;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_; ///< of what is below, up to the pointer, against `wake`
  std::condition_variable woken_;
  bool wake_ = false;
  std::unique_ptr<source> current_;
  source_counters closed_;    ///< of sources that are closed
  uint64_t closed_bytes_ = 0; ///< their sizes
  uint64_t total_bytes_ = 0;  ///< of all paths; 0 if one is not known
  std::vector<error> warnings_;
  std::vector<error> failures_;
};

} // namespace flowactors
