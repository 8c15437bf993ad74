#pragma once

#include "capture/decoder.hpp"
#include "capture/source.hpp"

#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace flowactors {

/// One stream of frames for several readers, each in a thread of its own: every reader gets all
/// frames, in order and in the bursts that the source gave. There is no thread that reads for the
/// others: whoever has come to the end of what is there reads on, into a ring of batches. Frames
/// are not copied: a batch holds the buffers that they lie in. A reader that is ahead of the
/// slowest by a whole ring waits for it, so that memory is bounded.
///
///   source ─▶ [batch][batch][batch] ─▶ reader 0 (here, and it reads on)
///                       └────────────▶ reader 1 (a batch behind)
///
/// All but the making may be called in any thread; `read` of one reader in one thread at a time.
class shared_stream {
public:
  /// `from` must hold the bytes of its frames (`source::bytes`). `decoding`: how the readers decode
  /// them. Whoever reads from the source also finds out whose the frames are, while their headers
  /// are in its cache: the others need not look at what is not theirs.
  shared_stream(std::unique_ptr<source> from, size_t readers, const decoder_options& decoding = {});

  /// The next frames for this reader, as `source::read`; also 0 when it waited for a slower one for
  /// some time. An error comes to one reader, to the others just the end.
  result<size_t> read(size_t reader, std::span<frame> out);

  /// True once this reader has had everything.
  bool at_end(size_t reader) const noexcept;

  /// What this reader was given so far; `filtered` is counted for the first one alone.
  source_counters counters(size_t reader) const noexcept;

  source::progress_bytes progress() const noexcept;

  /// Each warning comes to whoever asks first.
  std::vector<error> take_warnings();

  /// Makes a `read` of this reader that waits, or its next one, return soon.
  void interrupt(size_t reader) noexcept;

  /// Reads no more: what one reader was given all others get, too, and are at their end.
  void stop() noexcept;

  /// This reader wants no more: nobody waits for it.
  void leave(size_t reader) noexcept;

private:
  static constexpr size_t burst = 64;
  static constexpr size_t bursts = 8; ///< in a batch
  static constexpr size_t depth = 16; ///< batches

  struct batch {
    std::array<frame, bursts * burst> frames;
    std::array<size_t, bursts> ends; ///< of the bursts, in frames
    size_t count = 0;                ///< bursts
    std::vector<std::shared_ptr<const uint8_t[]>> bytes;
  };

  /// Where a reader is.
  struct cursor {
    const batch* now = nullptr; ///< what it reads; this and the next three are its thread's own
    size_t burst = 0;           ///< of that
    size_t at = 0;              ///< frame of that
    source_counters given;
    uint64_t done = 0; ///< batches that it has had; this and what follows are under the mutex
    bool gone = false;
    bool woken = false;
  };

  using lock = std::unique_lock<std::mutex>;
  size_t give(cursor& to, std::span<frame> out) noexcept;
  void let_go(cursor& from) noexcept;
  void release() noexcept;
  bool full() const noexcept;
  bool over(const cursor& mine) const noexcept;
  void wait(lock& held, cursor& mine);
  bool fill(lock& held);
  void read_into(batch& out, std::optional<error>& fault);

  const decoder_options decoding_;
  std::unique_ptr<source> from_; ///< only whoever fills; closed as soon as it is at its end
  std::vector<cursor> cursors_;
  std::unique_ptr<batch[]> ring_;

  mutable std::mutex mutex_; ///< of what follows
  std::condition_variable changed_;
  uint64_t published_ = 0; ///< batches so far
  uint64_t released_ = 0;  ///< of these, those that every reader is done with
  bool filling_ = false;   ///< a reader reads from the source, without the mutex
  bool ended_ = false;     ///< once nobody fills, nothing more is published
  std::optional<error> fault_;
  source::progress_bytes progress_;
  uint64_t filtered_ = 0;
  std::vector<error> warnings_;
};

} // namespace flowactors
