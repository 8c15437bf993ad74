#include "actors/context.hpp"

#include "actors/exceptions.hpp"

#include <algorithm>
#include <utility>

namespace flowactors {

/// The books outlive the actor, also when it breaks down; so does what scripts have said, and what
/// they save: an exception never comes out of a VM, and so never in the middle of a callback.
context_state::~context_state() {
  if (parts_.last == nullptr || parts_.scripts == nullptr)
    return;
  parts_.last->saved = parts_.scripts->save();
  parts_.scripts->flush();
  parts_.records->flush();
  parts_.last->books = snapshot();
}

void context_state::start(context_parts parts) {
  parts_ = std::move(parts);
}

context_actor::behavior_type context_state::make_behavior() {
  return {
    [this](run_atom) { run(); },
    [this](work_atom) { work(); },
    [this](poll_atom) { step(); },
    [this](snapshot_atom) { return snapshot(); },
    [this](retire_atom) { return retire(); },
    [this](finish_atom) { return finish(); },
  };
}

void context_state::run() {
  parts_.scripts->begin(std::exchange(parts_.saved, {}));
  const auto wake = [self = caf::actor_cast<context_actor>(self_)] {
    caf::anon_send(self, work_atom_v);
  };
  if (parts_.box != nullptr)
    parts_.box->attach(wake);
  for (const auto& each : parts_.lanes) {
    expected_.push_back(each->counters().delivered);
    each->attach(wake);
  }
}

void context_state::work() {
  if (!std::exchange(working_, true))
    step();
}

/// One batch of each lane.
void context_state::step() {
  bool found = false;
  for (size_t i = 0; i < parts_.lanes.size(); ++i)
    found = take_from(i) || found;
  if (found) {
    parts_.records->flush();
    self_->send(self_, poll_atom_v);
  } else {
    rest();
  }
}

bool context_state::take_from(size_t index) {
  lane& from = *parts_.lanes[index];
  const auto next = from.take();
  if (!next)
    return false;
  auto& expected = expected_[index];
  counted_.skipped += next->first > expected ? next->first - expected : 0;
  counted_.doubled += next->first < expected ? expected - next->first : 0;
  expected = next->first + next->batch->size();
  add(counted_.taken, next->batch->kinds());
  add(counted_.interrupted, next->batch->kinds());
  ++counted_.batches;
  if (parts_.on_batch)
    parts_.on_batch();
  handle(*next->batch);
  from.settle();
  return true;
}

void context_state::handle(const flow_batch& batch) {
  events_.clear();
  for (const auto& entry : batch.entries()) // what VMs would write, the addresses as text, is there
    events_.push_back({const_cast<flow_record*>(&entry.flow), entry.now_ns, entry.kind});
  now_ns_ = std::max(now_ns_, events_.back().now_ns);
  parts_.scripts->attach(batch.texts());
  parts_.scripts->handle(events_);
  subtract(counted_.interrupted, batch.kinds());
  parts_.scripts->flush(now_ns_);
}

/// Nothing is left for now; packet time may have gone on all the same.
void context_state::rest() {
  working_ = false;
  for (const auto& each : parts_.lanes)
    now_ns_ = std::max(now_ns_, each->marked_ns());
  parts_.scripts->flush(now_ns_);
  parts_.voice->pump();
  parts_.records->flush();
  if (finishing_)
    end();
  else if (parts_.box != nullptr && parts_.box->waits()) // more than there was room for
    self_->delayed_send(self_, std::chrono::milliseconds(10), work_atom_v);
}

context_end context_state::retire() {
  context_end out;
  out.saved = parts_.scripts->save();
  close();
  out.books = snapshot();
  return out;
}

caf::result<context_snapshot> context_state::finish() {
  promise_ = self_->make_response_promise<context_snapshot>();
  finishing_ = true;
  work();
  return promise_;
}

void context_state::end() {
  close();
  promise_.deliver(snapshot());
}

void context_state::close() {
  parts_.scripts->end();
  parts_.records->flush();
  if (parts_.box != nullptr)
    parts_.box->attach(nullptr);
  for (const auto& each : parts_.lanes)
    each->detach();
  parts_.last = nullptr;
  self_->quit();
}

context_snapshot context_state::snapshot() const {
  context_snapshot out = counted_;
  out.scripts = account_of(*parts_.scripts);
  for (auto& c : out.scripts.callbacks)
    c.costs.script = parts_.context + "/" + c.costs.script;
  for (auto& c : out.scripts.conditions)
    c.script = parts_.context + "/" + c.script;
  return out;
}

context_actor::behavior_type context(context_actor::stateful_pointer<context_state> self,
                                     std::shared_ptr<context_parts> parts) {
  tell_exceptions(self);
  self->state.start(std::move(*parts));
  return self->state.make_behavior();
}

} // namespace flowactors
