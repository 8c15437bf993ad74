#pragma once

#include "actors/lane.hpp"
#include "actors/messages.hpp"
#include "actors/post_office.hpp"
#include "actors/speaker.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// What a context actor owns from its first moment on.
struct context_parts {
  std::string context;
  std::shared_ptr<console> voice; ///< what scripts write goes through it
  std::shared_ptr<record_ports> records;
  std::shared_ptr<speaker> words;       ///< of the scripts; outlives them
  std::shared_ptr<const catalog> names; ///< likewise
  std::shared_ptr<script_vm> scripts;
  std::vector<std::shared_ptr<lane>> lanes; ///< one from each worker
  std::vector<saved_state> saved;           ///< of the scripts before these
  std::shared_ptr<context_end> last;        ///< written at the end, whatever ends it
  std::function<void()> on_batch;           ///< see supervisor_options
  std::shared_ptr<post_box> box;            ///< of the VM; null = nobody sends messages
};

/// The scripts of one shard of a context, in a VM that closes with the actor. It handles one batch
/// of each lane at a turn; between two turns it looks at its mailbox.
///
///   waiting --run--> resting --work--> working --nothing left--> resting
///   any --finish--> handling what is left --> ended
class context_state {
public:
  static constexpr const char* name = "context";

  explicit context_state(context_actor::stateful_pointer<context_state> self) : self_(self) {}
  ~context_state();
  void start(context_parts parts);
  context_actor::behavior_type make_behavior();

private:
  void run();
  void work();
  void step();
  bool take_from(size_t index);
  void handle(const flow_batch& batch);
  void rest();
  context_end retire();
  caf::result<context_snapshot> finish();
  void end();
  void close();
  context_snapshot snapshot() const;

  context_actor::stateful_pointer<context_state> self_;
  context_parts parts_;
  std::vector<script_event> events_; ///< of the batch at hand
  std::vector<uint64_t> expected_;   ///< the next sequence number of each lane
  context_snapshot counted_;         ///< without the scripts
  int64_t now_ns_ = 0;               ///< packet time
  bool working_ = false;
  bool finishing_ = false;
  caf::typed_response_promise<context_snapshot> promise_;
};

context_actor::behavior_type context(context_actor::stateful_pointer<context_state> self,
                                     std::shared_ptr<context_parts> parts);

} // namespace flowactors
