#pragma once

#include "capture/shared_stream.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace flowactors {

/// Files, folders and standard input that several readers go through side by side, one path after
/// another, each as a shared_stream. All may be called in any thread.
class shared_paths {
public:
  /// `filter` is BPF text, empty = all.
  /// `decoding`: as for shared_stream.
  shared_paths(std::vector<std::string> paths, std::string filter, size_t readers,
               const decoder_options& decoding = {});

  /// A path for a reader, which leaves the stream when it closes the source. Whoever comes first
  /// opens it; if that fails, that reader gets the error, and for the others it is empty, as is for
  /// everybody a path that nobody had opened before `stop`. Null: the reader is too far ahead of
  /// others, and has waited for some time.
  result<std::unique_ptr<source>> open(size_t path, size_t reader);

  /// Reads no more from any path: all readers come to the same end.
  void stop() noexcept;
  bool stopped() const noexcept { return stopped_; }

  /// This reader wants no more, of no path.
  void leave(size_t reader) noexcept;

private:
  struct place {
    std::string path;
    std::shared_ptr<shared_stream> stream; ///< until all readers have it
    std::weak_ptr<shared_stream> running;
    bool tried = false;
  };

  result<void> open(place& at);
  size_t slowest() const noexcept;
  void forget_opened() noexcept;

  std::string filter_;
  decoder_options decoding_;
  std::mutex mutex_; ///< of what follows
  std::condition_variable changed_;
  std::vector<place> places_;
  std::vector<size_t> opened_; ///< paths, by reader
  std::atomic<bool> stopped_ =
    false; ///< set under the mutex, before any reader is at its end by it
};

/// A source without frames.
std::unique_ptr<source> empty_source(std::string name);

} // namespace flowactors
