#include "outputs/record_sink.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace flowactors {

namespace {

/// Waits until the descriptor takes bytes; an error shows when writing.
bool writable(int fd) noexcept {
  pollfd entry{fd, POLLOUT, 0};
  return ::poll(&entry, 1, static_cast<int>(record_sink::longest_wait.count())) > 0;
}

/// What streams have in common: lines go out in pieces, as the reader takes them.
class stream_sink : public record_sink {
public:
  explicit stream_sink(std::string name) : name_(std::move(name)) {}
  const std::string& name() const noexcept override { return name_; }
  result<void> reopen() override { return {}; }

  sink_outcome write(std::string_view lines) override {
    if (!writable(fd_))
      return {sink_outcome::kind::busy, 0, {}};
    const ssize_t n = put(lines);
    if (n >= 0)
      return {sink_outcome::kind::took, static_cast<size_t>(n), {}};
    if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)
      return {sink_outcome::kind::busy, 0, {}};
    return broken(errno);
  }

protected:
  virtual ssize_t put(std::string_view bytes) noexcept = 0;
  virtual sink_outcome broken(int number) = 0;

  error failed(int number) const {
    return {number == ENOENT   ? ec::not_found
            : number == EACCES ? ec::no_permission
                               : ec::io_failed,
            name_ + ": " + std::strerror(number)};
  }

  std::string name_;
  int fd_ = -1;
};

/// A descriptor of others, which may be blocking: a pipe that is ready takes PIPE_BUF bytes.
class descriptor_sink final : public stream_sink {
public:
  descriptor_sink(int fd, const std::string& name) : stream_sink(name) {
    fd_ = fd;
    struct stat status {};
    file_ = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  }

  result<void> open() override { return {}; }
  record_loss loss() const noexcept override { return record_loss::write_error; }

protected:
  ssize_t put(std::string_view bytes) noexcept override {
    return ::write(fd_, bytes.data(),
                   file_ ? bytes.size() : std::min<size_t>(bytes.size(), PIPE_BUF));
  }

  sink_outcome broken(int number) override {
    const auto state = number == EPIPE ? sink_outcome::kind::gone : sink_outcome::kind::away;
    return {state, 0, failed(number).what};
  }

private:
  bool file_ = false;
};

/// A stream that is opened and closed here, and again when it breaks.
class own_stream_sink : public stream_sink {
public:
  using stream_sink::stream_sink;
  ~own_stream_sink() override { close(); }

protected:
  void close() noexcept {
    if (fd_ >= 0)
      ::close(fd_);
    fd_ = -1;
  }

  sink_outcome broken(int number) override {
    close();
    return {sink_outcome::kind::away, 0, failed(number).what};
  }
};

/// A FIFO or a device.
class special_sink final : public own_stream_sink {
public:
  using own_stream_sink::own_stream_sink;

  result<void> open() override {
    close();
    fd_ = ::open(name_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd_ >= 0)
      return {};
    readers_ = errno != ENXIO;
    return failed(errno);
  }
  record_loss loss() const noexcept override {
    return readers_ ? record_loss::write_error : record_loss::unreachable;
  }

protected:
  ssize_t put(std::string_view bytes) noexcept override {
    return ::write(fd_, bytes.data(), bytes.size());
  }

  sink_outcome broken(int number) override {
    readers_ = number != EPIPE;
    return own_stream_sink::broken(number);
  }

private:
  bool readers_ = true;
};

class socket_sink final : public own_stream_sink {
public:
  using own_stream_sink::own_stream_sink;

  result<void> open() override {
    close();
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (name_.size() >= sizeof(to.sun_path))
      return failed(ENAMETOOLONG);
    name_.copy(to.sun_path, sizeof(to.sun_path) - 1);
    // A listener whose backlog is full would block; without it, EAGAIN says so at once.
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ >= 0 && ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0)
      return {};
    const int number = errno;
    close();
    return failed(number);
  }
  record_loss loss() const noexcept override { return record_loss::unreachable; }

protected:
  ssize_t put(std::string_view bytes) noexcept override {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
};

} // namespace

std::unique_ptr<record_sink> make_special_sink(const std::string& path) {
  return std::make_unique<special_sink>(path);
}

std::unique_ptr<record_sink> make_socket_sink(const std::string& path) {
  return std::make_unique<socket_sink>(path);
}

std::unique_ptr<record_sink> make_stream_sink(int fd, const std::string& name) {
  return std::make_unique<descriptor_sink>(fd, name);
}

} // namespace flowactors
