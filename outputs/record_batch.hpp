#pragma once

#include "capture/event.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace flowactors {

/// What stands around the values that a script emits; a record that has one of these itself keeps
/// its own.
inline constexpr std::array<const char*, 5> envelope_keys{"timestamp", "event_type", "flow_id",
                                                          "context", "script"};

/// A record that a script emitted. Views: valid during the call that gets it.
struct script_record {
  std::string_view context;
  std::string_view script;
  std::string_view body; ///< one JSON text: an object or an array, without newlines
  int64_t now_ns = 0;    ///< packet time
  uint64_t flow_id = 0;  ///< 0 = not in a flow's callback
  uint8_t own_keys = 0;  ///< bit n = the body has envelope_keys[n]
};

/// What has happened to a flow. `flow` and `text` are valid during the call that gets it.
struct flow_event {
  event_kind kind;
  int64_t now_ns; ///< packet time
  const flow_record* flow;
  const flow_text* text;
};

/// A record as another node has written it. A view, likewise.
struct record_line {
  std::string_view text; ///< without its newline; see are_record_lines
};

/// Records on their way from one producer to one output, as bytes in a row: what a capture thread
/// pays for a flow is a copy, the JSON is made by the output.
class record_batch {
public:
  void add(const script_record& record);
  void add(const flow_event& event);
  void add(const record_line& line);

  size_t count() const noexcept { return count_; }
  size_t bytes() const noexcept { return words_.size() * sizeof(uint64_t); }
  bool empty() const noexcept { return count_ == 0; }
  void clear() noexcept;
  void swap(record_batch& other) noexcept;

  /// Calls `visit(const script_record&)`, `visit(const flow_event&)` or `visit(const record_line&)`
  /// for each, in order.
  template <class Visitor>
  void each(Visitor&& visit) const {
    for (size_t at = 0; at < words_.size();) {
      const auto* head = reinterpret_cast<const header*>(&words_[at]);
      switch (head->of) {
        case origin::script:
          visit(record_at(head));
          break;
        case origin::flow:
          visit(event_at(head));
          break;
        case origin::node:
          visit(record_line{{reinterpret_cast<const char*>(head + 1), head->body_size}});
          break;
      }
      at += head->words;
    }
  }

private:
  enum class origin : uint8_t { script, flow, node };

  struct header {
    uint32_t words; ///< with this header
    origin of;
    uint8_t kind_or_keys;
    uint16_t context_size;
    uint32_t script_size;
    uint32_t body_size;
    int64_t now_ns;
    uint64_t flow_id;
  };

  header& append(size_t bytes);
  static script_record record_at(const header* head) noexcept;
  static flow_event event_at(const header* head) noexcept;

  std::vector<uint64_t> words_; ///< aligned for what they hold
  size_t count_ = 0;
};

} // namespace flowactors
