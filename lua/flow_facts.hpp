#pragma once

#include "capture/event.hpp"
#include "lua/fact_keys.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

/// Gives the enclosed C declarations to this compiler and, as text, to LuaJIT's FFI.
#define FLOWACTORS_SCRIPT_LAYOUT(...)                        \
  extern "C" {                                               \
  __VA_ARGS__                                                \
  }                                                          \
  namespace flowactors {                                     \
  inline constexpr char script_layout_text[] = #__VA_ARGS__; \
  }

// clang-format off
FLOWACTORS_SCRIPT_LAYOUT(
/// A piece of text somewhere in memory.
typedef struct script_text {
  const char* data;
  uint64_t size;
} script_text;

/// What a VM's scripts look at. Its address is a constant in compiled traces.
typedef struct script_cursor {
  struct flow_record* flow;  /// the current flow; a zeroed record outside callbacks
  const char* text_arena;
  int64_t now_ns;            /// packet time
  double turn;               /// turn + place is another number for each event
  int32_t live;              /// 1 during a callback, else 0
  int32_t pending;           /// 1 while written bytes wait for a flush
  const void* events;        /// of the batch: script_event
  int32_t count;             /// of them
  int32_t place;             /// the current one, from 0
  int32_t script;            /// the number of the script that runs
} script_cursor;
)
// clang-format on

namespace flowactors {

/// Everything that flow.dump() says, in the forms that need no more thought: doubles, pieces of
/// text, indexes. Computed anew from a record for each dump; compiled scripts read it in place.
class flow_facts {
public:
  explicit flow_facts(const catalog* names);

  /// Reads the cursor's flow; gives the bits of `fact` that hold. Text stays where it is: valid as
  /// long as the record is.
  int32_t fill(const script_cursor& cursor) noexcept;

  /// Makes the texts of a flow's hardware addresses, which `fill` gives as numbers alone: compiled
  /// scripts keep a list of texts, since few addresses are met again and again.
  void write_macs(const flow_record& flow) noexcept;

  /// What the nine getters need beyond plain members.
  bool is_http(const flow_record& flow) const noexcept { return kind_of(flow) == kind::http; }
  bool is_tls(const flow_record& flow) const noexcept { return kind_of(flow) == kind::tls; }

  /// What texts a flow has depends on the kind of its protocol: of the master, if there is one.
  enum class kind : uint8_t { other, http, dns, ssh, tls };
  const std::vector<kind>& kinds() const noexcept { return kinds_; }

  /// SNI, host name, or the server's address.
  static script_text server_name(const flow_facts& facts, const script_cursor& cursor) noexcept;

  /// The path of the last request; without data if none is known.
  static script_text http_path(const flow_text& text) noexcept;

  const std::array<double, static_cast<size_t>(fact_number::count)>& numbers() const noexcept {
    return numbers_;
  }
  const std::array<script_text, static_cast<size_t>(fact_text::count)>& texts() const noexcept {
    return texts_;
  }
  const std::array<int32_t, static_cast<size_t>(fact_index::count)>& indexes() const noexcept {
    return indexes_;
  }

private:
  kind kind_of(const flow_record& flow) const noexcept;
  void fill_endpoints(flow_record& flow) noexcept;
  void fill_counters(const flow_record& flow) noexcept;
  int32_t fill_tcp(const flow_record& flow) noexcept;
  int32_t fill_text(const flow_record& flow, const flow_text& text) noexcept;
  int32_t fill_http(const flow_record& flow, const flow_text& text) noexcept;
  int32_t fill_tls(const flow_record& flow, const flow_text& text) noexcept;

  double& operator[](fact_number which) noexcept { return numbers_[static_cast<size_t>(which)]; }
  script_text& operator[](fact_text which) noexcept { return texts_[static_cast<size_t>(which)]; }
  int32_t& operator[](fact_index which) noexcept { return indexes_[static_cast<size_t>(which)]; }

  std::array<double, static_cast<size_t>(fact_number::count)> numbers_{};
  std::array<script_text, static_cast<size_t>(fact_text::count)> texts_{};
  std::array<int32_t, static_cast<size_t>(fact_index::count)> indexes_{};
  std::array<char, 34> macs_{};
  std::vector<kind> kinds_; // by protocol number
  uint64_t mismatch_risk_ = 0;
};

/// A flow's text block, or an empty one.
const flow_text& text_of(const script_cursor& cursor) noexcept;

/// Writes a hardware address, 17 characters, not terminated.
void write_mac(const uint8_t (&mac)[6], char* out) noexcept;

/// Whole seconds of a time.
inline double whole_seconds(int64_t ns) noexcept {
  return static_cast<double>(ns / 1'000'000'000);
}

} // namespace flowactors
