#pragma once

#include "capture/result.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace flowactors {

/// The bytes of a file, a FIFO or standard input, read in large chunks into one buffer that is used
/// again and again. What `window` shows stays in place until `refill`.
class byte_stream {
public:
  /// Opens `path`, "-" = standard input. Errors name the path and the way out.
  static result<std::unique_ptr<byte_stream>> open(const std::string& path);
  ~byte_stream();
  byte_stream(const byte_stream&) = delete;
  byte_stream& operator=(const byte_stream&) = delete;

  /// The bytes that are here and not consumed.
  std::span<const uint8_t> window() const noexcept {
    return {buffer_.get() + begin_, end_ - begin_};
  }

  /// Takes bytes off the front of the window; they stay readable until `refill`.
  void consume(size_t bytes) noexcept { begin_ += bytes; }

  /// Reads until the window has at least `wanted` bytes, or the input ends, or somebody interrupts.
  /// Earlier windows become invalid, but for those in a buffer that somebody holds.
  result<void> refill(size_t wanted);

  /// The buffer that the window is in. Who holds it keeps its bytes as they are; may be let go of
  /// in any thread.
  std::shared_ptr<const uint8_t[]> buffer() const noexcept { return buffer_; }

  /// Nothing follows the window.
  bool ended() const noexcept { return ended_; }

  /// Where the window begins, in bytes from the start of the input.
  uint64_t offset() const noexcept { return read_ - (end_ - begin_); }

  /// Size of the whole input; 0 = not known (FIFO, standard input).
  uint64_t size() const noexcept { return size_; }

  /// False for what can keep its reader waiting: a FIFO, standard input from a pipe, a device.
  bool regular() const noexcept { return wake_fd_ < 0; }

  /// Makes a `refill` that waits for a writer, or the next one, return with what there is; nothing
  /// is lost by it. From any thread, and from signal handlers. Does nothing for a regular file,
  /// where nobody waits.
  void interrupt() noexcept;

private:
  explicit byte_stream(std::string path) : path_(std::move(path)) {}
  result<bool> wait_for_bytes();
  void make_room(size_t wanted);
  std::shared_ptr<uint8_t[]> spare_buffer();

  std::string path_;
  int fd_ = -1;
  int wake_fd_ = -1; // only where reading can block
  std::shared_ptr<uint8_t[]> buffer_;
  std::vector<std::shared_ptr<uint8_t[]>> buffers_; // all of this capacity, to be used again
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t read_ = 0;
  uint64_t size_ = 0;
  bool ended_ = false;
};

} // namespace flowactors
