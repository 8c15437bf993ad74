#include "actors/log.hpp"

#include <fcntl.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

namespace flowactors::log {

namespace {

constexpr const char* pattern = "%Y-%m-%dT%H:%M:%S.%e%z %l %v";
constexpr std::string_view clear_line = "\r\x1b[K";

/// Writes to a descriptor, and keeps the progress line out of the way of others.
class descriptor_sink : public spdlog::sinks::base_sink<std::mutex> {
public:
  ~descriptor_sink() override { close_file(); }

  int open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
      return errno;
    const std::lock_guard guard(mutex_);
    close_file();
    fd_ = fd;
    path_ = path;
    return 0;
  }

  void use_standard_error() {
    const std::lock_guard guard(mutex_);
    close_file();
    path_.clear();
  }

  int reopen() { return path_.empty() ? 0 : open(std::string(path_)); }
  const std::string& path() const { return path_; }

  void show(std::string_view text) {
    const std::lock_guard guard(mutex_);
    if (text.empty() && !shown_)
      return;
    std::string out(clear_line);
    out += text;
    put(STDERR_FILENO, out);
    shown_ = !text.empty();
  }

protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    if (shown_ && fd_ == STDERR_FILENO) {
      put(STDERR_FILENO, clear_line);
      shown_ = false;
    }
    put(fd_, {text.data(), text.size()});
  }
  void flush_() override {}

private:
  // A log that can't be written is no reason to end: there is nowhere to say so.
  static void put(int fd, std::string_view text) noexcept {
    while (!text.empty()) {
      const ssize_t n = ::write(fd, text.data(), text.size());
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return;
      text.remove_prefix(static_cast<size_t>(n));
    }
  }

  void close_file() {
    if (fd_ != STDERR_FILENO)
      ::close(fd_);
    fd_ = STDERR_FILENO;
  }

  int fd_ = STDERR_FILENO;
  bool shown_ = false;
  std::string path_;
};

struct state {
  state() : sink(std::make_shared<descriptor_sink>()), logger("flowactors", sink) {
    logger.set_pattern(pattern);
    logger.set_level(spdlog::level::warn);
  }
  std::shared_ptr<descriptor_sink> sink;
  spdlog::logger logger;
};

state& it() {
  static state* const only = new state; // lives as long as any thread may speak
  return *only;
}

spdlog::level::level_enum number(level severity) noexcept {
  switch (severity) {
    case level::trace:
      return spdlog::level::trace;
    case level::debug:
      return spdlog::level::debug;
    case level::info:
      return spdlog::level::info;
    case level::warning:
      return spdlog::level::warn;
    case level::error:
      return spdlog::level::err;
    case level::off:
      break;
  }
  return spdlog::level::off;
}

flowactors::error cannot_open(const std::string& path, int reason) {
  return {ec::io_failed, path + ": can't be opened for the log: " + std::strerror(reason)
                           + "; set log.file to another file"};
}

} // namespace

void set_level(const std::string& least) {
  it().logger.set_level(spdlog::level::from_str(least));
}

result<void> start(const std::string& least, const std::string& file) {
  it().logger.set_level(spdlog::level::from_str(least));
  if (file.empty()) {
    it().sink->use_standard_error();
  } else if (const int reason = it().sink->open(file); reason != 0) {
    return cannot_open(file, reason);
  }
  return {};
}

result<void> reopen() {
  if (const int reason = it().sink->reopen(); reason != 0)
    return cannot_open(it().sink->path(), reason);
  return {};
}

void line(level severity, std::string_view component, std::string_view verb,
          std::string_view object, std::string_view detail) noexcept {
  const auto as = number(severity);
  if (!it().logger.should_log(as))
    return;
  std::string text;
  text.append(component).append(" ").append(verb);
  if (!object.empty())
    text.append(" ").append(object);
  if (!detail.empty())
    text.append(": ").append(detail);
  it().logger.log(as, spdlog::string_view_t(text.data(), text.size()));
}

bool on_terminal() noexcept {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && (kind == nullptr || std::strcmp(kind, "dumb") != 0);
}

void show_progress(std::string_view text) noexcept {
  it().sink->show(text);
}

} // namespace flowactors::log
