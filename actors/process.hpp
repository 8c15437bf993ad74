#pragma once

#include "outputs/report.hpp"

#include <signal.h>

#include <chrono>

namespace flowactors {

/// The signals that the program answers, as an event source of the main thread.
class signal_line {
public:
  /// Blocks them, and ignores SIGPIPE. To be made before any thread exists: threads inherit what is
  /// blocked.
  signal_line() noexcept;

  /// Waits for the next: SIGHUP, SIGINT, SIGTERM, SIGUSR1, or `wake_signal`.
  int next() const noexcept;

  /// Sent to the process by itself: the run is over.
  static int wake_signal() noexcept { return SIGRTMIN; }
  static void wake() noexcept;

private:
  sigset_t set_{};
};

/// Writes the time and memory that this process used into the report.
void add_usage(report& into, std::chrono::steady_clock::time_point since) noexcept;

} // namespace flowactors
