#pragma once

#include "capture/result.hpp"
#include "outputs/record_counters.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace flowactors {

/// What a sink made of the bytes that it was given.
struct sink_outcome {
  enum class kind : uint8_t {
    took, ///< some or all
    busy, ///< none: it takes no more at the moment
    away, ///< it has to be opened again; what it took in part has to come again whole
    gone, ///< nothing will ever be taken again
  };
  kind state = kind::took;
  size_t bytes = 0;   ///< taken; with `away`, whole lines
  std::string what;   ///< of `away` and `gone`: why, a sentence
  bool aside = false; ///< a file was full and was put aside
};

/// Where the lines of an output go: a file, or a stream. Used by one thread. No call takes much
/// longer than `longest_wait`, but for a disk that hangs.
class record_sink {
public:
  static constexpr std::chrono::milliseconds longest_wait{50};

  virtual ~record_sink() = default;

  /// Opens it for the first time, or again after it was away.
  virtual result<void> open() = 0;

  /// Takes what it can of these whole lines, the first of which may have been begun by the call
  /// before.
  virtual sink_outcome write(std::string_view lines) = 0;

  /// A file that was moved away is made anew (logrotate). On an error the old one stays.
  virtual result<void> reopen() = 0;

  /// What loses records while it is away, after it failed to open or to write.
  virtual record_loss loss() const noexcept = 0;

  /// How messages name it ("/var/log/flows.json").
  virtual const std::string& name() const noexcept = 0;
};

struct file_options {
  std::string path;
  uint64_t rotate = 0; ///< bytes; a file that would grow beyond is put aside; 0 = never
  uint32_t keep = 5;   ///< so many files that were put aside: path.1 is the newest
};

/// A file that is appended to. It is put aside by its size, and made anew when it was moved or
/// removed, within a second; lines are never split over two files. A disk that is full leaves
/// whole lines. What is there and is no file (a FIFO, a device) is written as a stream.
std::unique_ptr<record_sink> make_file_sink(const file_options& options);

/// A FIFO or a device that is there.
std::unique_ptr<record_sink> make_special_sink(const std::string& path);

/// A stream socket of the Unix domain, connected to.
std::unique_ptr<record_sink> make_socket_sink(const std::string& path);

/// An open descriptor, which stays the caller's.
std::unique_ptr<record_sink> make_stream_sink(int fd, const std::string& name);

} // namespace flowactors
