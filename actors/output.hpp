#pragma once

#include "actors/messages.hpp"
#include "outputs/record_output.hpp"

#include <memory>
#include <string>

namespace flowactors {

/// What an output actor owns from its first moment on.
struct output_parts {
  std::string name; ///< of its section
  std::unique_ptr<record_output> output;
  std::shared_ptr<record_queue> queue;
  std::shared_ptr<const catalog> names; ///< lives as long as the output
  bool waits = false;                   ///< for the end of another that writes there
};

/// Writes what waits for one output, in a thread of its own: a disk that is slow, or hangs, holds
/// up nobody but those that have to wait for it. Between two pieces of work it looks at its
/// mailbox.
///
///   waiting --run--> resting
///   resting --write--> working --nothing left--> resting
///                         |
///   any --finish--> finishing --nothing left, or nothing moves any more--> ended
class output_state {
public:
  static constexpr const char* name = "output";

  explicit output_state(output_actor::stateful_pointer<output_state> self) : self_(self) {}
  void start(output_parts parts) { parts_ = std::move(parts); }
  output_actor::behavior_type make_behavior();

private:
  using clock = record_output::clock;

  void run();
  void write();
  void step();
  std::string reopen();
  caf::result<record_counters> finish();
  void end();
  bool stuck(clock::time_point now);
  void tell_news();

  /// How long the end waits for an output that takes nothing, when nobody has time.
  static constexpr std::chrono::seconds grace{1};

  output_actor::stateful_pointer<output_state> self_;
  output_parts parts_;
  bool working_ = false;
  bool finishing_ = false;
  caf::typed_response_promise<record_counters> promise_;
  uint64_t moved_ = 0; ///< when something last moved
  clock::time_point moved_at_;
};

/// Spawn it detached.
output_actor::behavior_type output(output_actor::stateful_pointer<output_state> self,
                                   std::shared_ptr<output_parts> parts);

} // namespace flowactors
