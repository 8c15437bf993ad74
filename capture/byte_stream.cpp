#include "capture/byte_stream.hpp"

#include "capture/system_error.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace flowactors {

namespace {

constexpr size_t chunk = 256u << 10; // stays in the second-level cache

} // namespace

result<std::unique_ptr<byte_stream>> byte_stream::open(const std::string& path) {
  const bool standard_input = path == "-";
  std::unique_ptr<byte_stream> stream{new byte_stream(standard_input ? "standard input" : path)};
  if (standard_input && isatty(STDIN_FILENO) != 0)
    return error{
      ec::wrong_kind,
      "standard input is a terminal; pipe a capture into it, such as: tcpdump -w - | flowactors -r -"};
  // A FIFO must not block here: there may be no writer yet, and it shall stay possible to stop.
  stream->fd_ = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                               : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (stream->fd_ < 0)
    return system_error("open", path, errno);
  struct stat about {};
  if (fstat(stream->fd_, &about) != 0)
    return system_error("look at", stream->path_, errno);
  if (S_ISDIR(about.st_mode))
    return error{ec::wrong_kind, stream->path_ + " is a folder; expected a capture file"};
  if (S_ISREG(about.st_mode)) {
    stream->size_ = static_cast<uint64_t>(about.st_size);
    posix_fadvise(stream->fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  } else if (stream->wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); stream->wake_fd_ < 0) {
    return system_error("make an event descriptor for", stream->path_, errno);
  }
  stream->capacity_ = chunk;
  stream->buffer_ = stream->spare_buffer();
  return stream;
}

byte_stream::~byte_stream() {
  for (const int fd : {fd_, wake_fd_})
    if (fd >= 0)
      close(fd);
}

void byte_stream::interrupt() noexcept {
  const int kept = errno; // it may be in use where a signal came
  const uint64_t one = 1;
  if (wake_fd_ >= 0) [[maybe_unused]]
    const ssize_t written = write(wake_fd_, &one, sizeof(one)); // full = it is awake already
  errno = kept;
}

// False: somebody interrupts. A FIFO that had no writer since it was opened is not ready here,
// although `read` would say that it ends: only a writer's leaving makes it so.
result<bool> byte_stream::wait_for_bytes() {
  pollfd both[] = {{fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
  while (poll(both, 2, -1) < 0)
    if (errno != EINTR)
      return system_error("wait for", path_, errno);
  if (both[1].revents == 0)
    return true;
  uint64_t times;
  [[maybe_unused]] const ssize_t taken = ::read(wake_fd_, &times, sizeof(times));
  return false;
}

// One that nobody holds any more.
std::shared_ptr<uint8_t[]> byte_stream::spare_buffer() {
  for (const auto& each : buffers_) {
    if (each.use_count() != 1)
      continue;
    std::atomic_thread_fence(std::memory_order_acquire); // what its last reader read, it has read
    return each;
  }
  return buffers_.emplace_back(std::make_shared_for_overwrite<uint8_t[]>(capacity_));
}

// The window moves to the front of a buffer that has room for `wanted` bytes.
void byte_stream::make_room(size_t wanted) {
  constexpr long own = 2; // buffer_, and its place in buffers_
  const auto before = buffer_;
  const bool held_elsewhere = buffer_.use_count() > own + 1;
  if (wanted > capacity_) {
    capacity_ = std::max(wanted, capacity_ * 2);
    buffers_.clear();
    buffer_ = spare_buffer();
  } else if (held_elsewhere) {
    buffer_ = spare_buffer();
  }
  if (begin_ != 0 || buffer_ != before)
    std::memmove(buffer_.get(), before.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

result<void> byte_stream::refill(size_t wanted) {
  make_room(wanted);
  while (end_ < wanted && !ended_) {
    if (wake_fd_ >= 0) {
      const auto ready = wait_for_bytes();
      if (!ready)
        return ready.failure();
      if (!ready.value())
        return {};
    }
    const ssize_t got = read(fd_, buffer_.get() + end_, capacity_ - end_);
    if (got < 0 && errno != EINTR && errno != EAGAIN)
      return system_error("read", path_, errno);
    if (got == 0)
      ended_ = true;
    if (got > 0) {
      end_ += static_cast<size_t>(got);
      read_ += static_cast<uint64_t>(got);
    }
  }
  return {};
}

} // namespace flowactors
