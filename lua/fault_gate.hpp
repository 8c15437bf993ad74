#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace flowactors {

/// Decides which errors of one callback are told: the first of a kind, then at most one a minute
/// with the count since. A kind is a message. Takes no memory with the number of errors: messages
/// beyond `max_kinds` a minute count as one kind.
class fault_gate {
public:
  static constexpr size_t max_kinds = 16;
  static constexpr int64_t quiet_ns = 60'000'000'000;

  /// Notes an error at `now_ns` of wall time; gives how many there were of its kind since the last
  /// telling, if it is to be told now, else 0.
  uint64_t note(std::string_view message, int64_t now_ns) noexcept;

private:
  struct kind {
    uint64_t hash = 0;
    int64_t told_ns = 0;
    int64_t seen_ns = 0;
    uint64_t untold = 0; // errors since the last telling
    bool used = false;
  };

  kind& kind_of(uint64_t hash, int64_t now_ns) noexcept;

  std::array<kind, max_kinds + 1> kinds_{}; // the last one: all others
};

} // namespace flowactors
