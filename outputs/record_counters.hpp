#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace flowactors {

/// Why a record did not get to where its output goes. X-macro: name, sentence.
#define FLOWACTORS_RECORD_LOSSES(X)                                                         \
  X(queue_full, "the output was slower than a capture that waits for nobody")               \
  X(too_large, "the record was longer than max_record")                                     \
  X(write_error, "the file or stream could not be written, and the queue was full or over") \
  X(unreachable, "nobody listened at the socket or FIFO, and the queue was full or over")   \
  X(reader_gone, "the reader of standard output had gone for good")                         \
  X(unfinished, "it still waited when the program ended and the output took no more")

enum class record_loss : uint8_t {
#define X(name, text) name,
  FLOWACTORS_RECORD_LOSSES(X)
#undef X
};

inline constexpr size_t record_loss_count = 0
#define X(name, text) +1
  FLOWACTORS_RECORD_LOSSES(X)
#undef X
  ;

/// The reason's name in reports ("queue_full").
constexpr const char* to_string(record_loss reason) noexcept {
  switch (reason) {
#define X(name, text)     \
  case record_loss::name: \
    return #name;
    FLOWACTORS_RECORD_LOSSES(X)
#undef X
  }
  return "?";
}

/// The books of one output. Equation, at any time: taken = written + sum(lost) + waiting.
struct record_counters {
  uint64_t taken = 0;   ///< records that were offered to it
  uint64_t written = 0; ///< records that its file, stream or socket took whole
  std::array<uint64_t, record_loss_count> lost{};
  uint64_t waiting = 0; ///< in the queue, or about to be written
  uint64_t bytes = 0;   ///< of what was written
  uint64_t files = 0;   ///< how often a file was put aside by its size
  uint64_t retries = 0; ///< how often it was opened again after an error
  uint64_t foreign = 0; ///< of those taken, records that came from other nodes

  void add(const record_counters& more) noexcept {
    taken += more.taken;
    written += more.written;
    for (size_t i = 0; i < record_loss_count; ++i)
      lost[i] += more.lost[i];
    waiting += more.waiting;
    bytes += more.bytes;
    files += more.files;
    retries += more.retries;
    foreign += more.foreign;
  }

  uint64_t lost_by(record_loss reason) const noexcept { return lost[static_cast<size_t>(reason)]; }
};

} // namespace flowactors
