#pragma once

#include "capture/event.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace flowactors {

/// Counts of events by kind.
using kind_counts = std::array<uint64_t, event_kind_count>;

/// Events with copies of their records and texts, nothing of which changes once it is made: any
/// number of threads may read it.
class flow_batch {
public:
  struct entry {
    entry() noexcept {} // not set to 0: it is written over
    entry(const flow_record& of, int64_t at_ns, event_kind of_kind) noexcept
      : flow(of), now_ns(at_ns), kind(of_kind) {}

    flow_record flow; ///< addresses written out; `text` counts from texts()
    int64_t now_ns;   ///< packet time
    event_kind kind;
    uint8_t zero[7]{}; ///< no bytes of others reach the other node
  };

  std::span<const entry> entries() const noexcept { return entries_; }
  uint64_t size() const noexcept { return entries_.size(); }

  /// The events by kind.
  const kind_counts& kinds() const noexcept { return kinds_; }

  /// What it takes of a bound in events: one with much text counts as several.
  uint64_t weight() const noexcept;

  /// The text block of a record, as in text_blocks: number 0 has no text.
  const flow_text& text(const flow_record& flow) const noexcept;

  /// Base of the blocks, aligned to 16 bytes.
  const char* texts() const noexcept { return reinterpret_cast<const char*>(arena_.data()); }

  /// So much text is free with each event.
  static constexpr size_t text_of_event = 512;

private:
  friend class flow_batch_store;
  friend class flow_batch_writer;
  friend class flow_batch_codec; // nodes: to bytes and back
  struct alignas(16) unit {
    unit() noexcept {} // not set to 0: text is written over it
    char bytes[16];
  };

  void append(const flow_text& text);

  std::vector<entry> entries_;
  std::vector<unit> arena_;
  kind_counts kinds_{};
};

/// Batches that nobody reads any more, to be filled again while they are in the cache. Thread-safe.
class flow_batch_store {
public:
  /// An empty batch; those that were given back last come first.
  std::unique_ptr<flow_batch> take();
  void give(std::unique_ptr<flow_batch> batch) noexcept;

private:
  static constexpr size_t most = 4; ///< what is beyond is freed

  std::mutex mutex_;
  std::array<std::unique_ptr<flow_batch>, most> spare_;
  size_t count_ = 0;
};

/// Collects events, at most `max_events` and the text of so many, in one thread.
class flow_batch_writer {
public:
  /// `worker`: slots of different workers stay apart.
  flow_batch_writer(uint32_t worker, size_t max_events);

  /// Copies the record and its text block. Not when full().
  void add(event_kind kind, flow_record& flow, const flow_text& text, int64_t now_ns);

  size_t size() const noexcept { return batch_ == nullptr ? 0 : batch_->entries_.size(); }
  bool full() const noexcept { return batch_ != nullptr && batch_->weight() >= max_events_; }

  /// The events that wait here.
  kind_counts kinds() const noexcept { return batch_ == nullptr ? kind_counts{} : batch_->kinds_; }

  /// The events since the last call, null when there are none.
  std::shared_ptr<const flow_batch> finish();

private:
  void begin();

  uint32_t first_slot_;
  size_t max_events_;
  size_t texts_ = 0; ///< units that the last batch took
  std::shared_ptr<flow_batch_store> store_ = std::make_shared<flow_batch_store>();
  std::unique_ptr<flow_batch> batch_;
};

} // namespace flowactors
