#pragma once

#include "actors/account.hpp"
#include "lua/script_output.hpp"

#include <atomic>
#include <mutex>
#include <string>

namespace flowactors {

/// Where scripts speak to: their `io.write` goes to a descriptor (standard output), their words to
/// the log. Shared by all capture actors, and so thread-safe.
///
/// A reader that is slow holds up a replay, but never a live capture: there, up to `backlog_bytes`
/// wait for it, and then whole lines are lost, counted. A reader that is gone (a closed pipe)
/// closes the console.
class console : public script_output {
public:
  static constexpr size_t backlog_bytes = 1 << 20;

  /// `patient`: writing may wait for the reader. The descriptor stays the caller's.
  console(int fd, bool patient) noexcept;

  void write(std::string_view bytes) noexcept override;
  void log(level severity, std::string_view script, std::string_view text) noexcept override;
  void fault(std::string_view script, std::string_view callback, std::string_view text,
             uint64_t count) noexcept override;

  /// Hands on what waits, as far as the reader takes it now.
  void pump() noexcept;

  /// Ends all waiting within about a second, now and later. From any thread.
  void hurry() noexcept { hurried_ = true; }

  /// Hands on what waits; what the reader does not take within a second is lost.
  void finish() noexcept;

  /// The reader is gone: nothing that scripts write reaches anybody.
  bool closed() const noexcept { return closed_; }

  /// What else kept output from being written ("standard output: No space left on device"); empty =
  /// nothing.
  std::string failure() const;

  output_counters counters() const;

private:
  void put(bool wait) noexcept;
  void lose(size_t bytes) noexcept;
  bool ready(bool wait) noexcept;
  void fail(int reason) noexcept;

  const int fd_;
  const size_t chunk_;
  const bool terminal_;
  std::atomic<bool> hurried_ = false;
  std::atomic<bool> closed_ = false;
  std::atomic<bool> waiting_ = false; ///< there is something to pump
  mutable std::mutex mutex_;          ///< of what follows
  bool patient_;
  std::string backlog_;
  bool skipping_ = false; ///< the rest of a lost line is lost too
  std::string failure_;
  output_counters counters_;
};

} // namespace flowactors
