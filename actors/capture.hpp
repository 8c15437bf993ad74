#pragma once

#include "actors/console.hpp"
#include "actors/event_fan.hpp"
#include "actors/input.hpp"
#include "actors/messages.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// What a capture actor owns from its first moment on. Shared are the input, which the supervisor
/// may interrupt, and the console, which all capture actors speak through.
struct capture_parts {
  std::shared_ptr<input> from;
  std::unique_ptr<tracker> flows;
  std::shared_ptr<script_output> speaker;          ///< of the scripts; outlives them
  std::shared_ptr<const catalog> names;            ///< likewise
  std::shared_ptr<script_vm> scripts;              ///< null = none
  std::shared_ptr<console> voice;                  ///< what scripts write goes through it
  std::shared_ptr<record_ports> records;           ///< null = there are no outputs
  std::vector<std::unique_ptr<lane_writer>> lanes; ///< to contexts
  std::chrono::nanoseconds slice{
    10'000'000}; ///< the longest that messages wait for packets that are there
};

/// The packet line of one input, in a thread of its own. Between two bursts of packets it looks at
/// nothing but the clock, between two slices at its mailbox.
///
///   waiting --run--> reading --end of input, drain, or nobody to speak to--> ended
class capture_state {
public:
  static constexpr const char* name = "capture";

  explicit capture_state(capture_actor::stateful_pointer<capture_state> self) : self_(self) {}
  void start(capture_parts parts);
  capture_actor::behavior_type make_behavior();

private:
  caf::result<capture_end> run();
  void poll();
  scripts_in_transit swap(scripts_in_transit next);
  std::string change(const capture_changes& to);
  void change_lanes(lanes_in_transit& next);
  capture_snapshot snapshot();
  capture_progress progress();
  void drain();

  bool burst();
  void end(end_reason reason);
  void collect_faults();

  enum class phase { waiting, reading, ended };
  static constexpr size_t burst_frames = 64;

  capture_actor::stateful_pointer<capture_state> self_;
  capture_parts parts_;
  event_fan fan_; ///< takes the events
  phase phase_ = phase::waiting;
  std::array<frame, burst_frames> frames_{};
  std::vector<std::string> failures_;
  caf::typed_response_promise<capture_end> promise_;
};

/// Spawn it detached. It reads nothing before it is told to run.
capture_actor::behavior_type capture(capture_actor::stateful_pointer<capture_state> self,
                                     std::shared_ptr<capture_parts> parts);

} // namespace flowactors
