#include "actors/console.hpp"

#include "actors/log.hpp"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace flowactors {

namespace {

using clock = std::chrono::steady_clock;
constexpr auto grace = std::chrono::seconds(1);
constexpr int poll_ms = 50;

/// How much to write at a time: a pipe that is ready takes PIPE_BUF bytes without blocking, a file
/// takes all.
size_t chunk_of(int fd) noexcept {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? SIZE_MAX : PIPE_BUF;
}

} // namespace

console::console(int fd, bool patient) noexcept
  : fd_(fd),
    chunk_(chunk_of(fd)),
    terminal_(::isatty(fd) == 1 && log::on_terminal()),
    patient_(patient) {}

void console::write(std::string_view bytes) noexcept {
  const std::lock_guard guard(mutex_);
  counters_.taken += bytes.size();
  if (skipping_) {
    const size_t rest = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
    skipping_ = bytes[rest - 1] != '\n';
    lose(rest);
    bytes.remove_prefix(rest);
  }
  const size_t room =
    patient_ ? bytes.size() : backlog_bytes - std::min(backlog_bytes, backlog_.size());
  if (bytes.size() > room) {
    put(false);
    const size_t now = backlog_bytes - std::min(backlog_bytes, backlog_.size());
    if (bytes.size() > now) { // what fits in whole lines
      const size_t keep = now == 0 ? 0 : bytes.rfind('\n', now - 1) + 1;
      lose(bytes.size() - keep);
      skipping_ = bytes.back() != '\n';
      bytes = bytes.substr(0, keep);
    }
  }
  backlog_ += bytes;
  put(patient_);
}

void console::put(bool wait) noexcept {
  size_t done = 0;
  if (terminal_ && !backlog_.empty())
    log::show_progress({});
  while (done < backlog_.size()) {
    if (closed_ || !failure_.empty()) {
      lose(backlog_.size() - done);
      backlog_.clear();
      done = 0;
      break;
    }
    if (!ready(wait))
      break;
    const size_t n = std::min(backlog_.size() - done, chunk_);
    const ssize_t written = ::write(fd_, backlog_.data() + done, n);
    if (written >= 0) {
      done += static_cast<size_t>(written);
      counters_.delivered += static_cast<size_t>(written);
    } else if (errno != EINTR && errno != EAGAIN) {
      fail(errno);
    }
  }
  backlog_.erase(0, done);
  counters_.held = backlog_.size();
  waiting_ = !backlog_.empty();
}

bool console::ready(bool wait) noexcept {
  pollfd entry{fd_, POLLOUT, 0};
  clock::time_point since{};
  for (;;) {
    const int n = ::poll(&entry, 1, wait ? poll_ms : 0);
    if (n > 0)
      return true; // an error, too, shows when writing
    if (!wait)
      return false;
    if (!hurried_)
      continue;
    if (since == clock::time_point{})
      since = clock::now();
    if (clock::now() - since > grace) {
      patient_ = false;
      return false;
    }
  }
}

void console::lose(size_t bytes) noexcept {
  if (bytes != 0 && counters_.lost == 0 && failure_.empty())
    log::warning("output", "loses", "lines",
                 closed_ ? "the reader is gone" : "the reader is too slow");
  counters_.lost += bytes;
}

void console::fail(int reason) noexcept {
  if (reason == EPIPE) {
    closed_ = true;
    return;
  }
  failure_ = std::string("standard output: ") + std::strerror(reason);
  log::error("output", "fails on", failure_, "what scripts write is lost");
}

void console::pump() noexcept {
  if (!waiting_)
    return;
  const std::lock_guard guard(mutex_);
  put(false);
}

void console::finish() noexcept {
  hurry();
  const std::lock_guard guard(mutex_);
  put(true);
  lose(backlog_.size());
  backlog_.clear();
  counters_.held = 0;
}

std::string console::failure() const {
  const std::lock_guard guard(mutex_);
  return failure_;
}

output_counters console::counters() const {
  const std::lock_guard guard(mutex_);
  return counters_;
}

void console::log(level severity, std::string_view script, std::string_view text) noexcept {
  using to = log::level;
  constexpr to levels[] = {to::debug, to::info, to::warning, to::error};
  log::line(levels[static_cast<size_t>(severity)], "script", script.empty() ? "says" : "says in",
            script, text);
}

void console::fault(std::string_view script, std::string_view callback, std::string_view text,
                    uint64_t count) noexcept {
  std::string object(script);
  object.append(" ").append(callback);
  if (count > 1)
    object.append(" (").append(std::to_string(count)).append(" times)");
  log::warning("script", "fails in", object, text);
}

} // namespace flowactors
