#pragma once

#include "capture/flow.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace flowactors {

/// What can happen to a flow. Each begins with `created`, goes on with `detected` and `updated` in
/// any number, and stops with one `ended`.
enum class event_kind : uint8_t { created, detected, updated, ended };

inline constexpr size_t event_kind_count = 4;

/// The kind's name in reports ("created").
const char* to_string(event_kind kind) noexcept;

/// A set of kinds.
using event_mask = uint8_t;
constexpr event_mask mask_of(event_kind kind) noexcept {
  return static_cast<event_mask>(1u << static_cast<unsigned>(kind));
}

/// Names behind the numbers in a record, the same for all records of a detector. Index = number.
struct catalog {
  std::vector<std::string> protocols;       ///< as ndpiReader prints them ("TLS")
  std::vector<std::string> protocol_breeds; ///< by protocol number ("Safe")
  std::vector<std::string> categories;
  std::vector<std::string> breeds;
  std::vector<std::string> confidences;
  std::vector<std::string> risks;          ///< by bit
  std::vector<std::string> local_networks; ///< CIDR, by network number
};

/// Takes the events of one capture worker, in its thread, while the packet that caused them is at
/// hand. `flow` is the live record: valid during the call, and afterwards only while its generation
/// stays.
class event_handler {
public:
  virtual ~event_handler() = default;

  /// The kinds to be told of; others are not made at all. May change only between two bursts of
  /// packets.
  virtual event_mask interest() const noexcept = 0;

  /// `now_ns` is packet time.
  virtual void handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept = 0;
};

} // namespace flowactors
