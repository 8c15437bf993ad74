#include "actors/output.hpp"

#include "actors/exceptions.hpp"
#include "actors/log.hpp"

#include <utility>

namespace flowactors {

output_actor::behavior_type output_state::make_behavior() {
  return {
    [this](run_atom) { run(); },
    [this](write_atom) { write(); },
    [this](poll_atom) { step(); },
    [this](reopen_atom) { return reopen(); },
    [this](finish_atom) { return finish(); },
  };
}

/// The file has grown since it was opened here, or was put aside.
void output_state::run() {
  if (!std::exchange(parts_.waits, false))
    return;
  if (auto opened = parts_.output->reopen(); !opened)
    log::error(name, "keeps the old file of", parts_.name, opened.failure().what);
  write();
}

void output_state::write() {
  if (parts_.waits)
    return;
  if (std::exchange(working_, true))
    return; // it goes on until nothing is left anyway
  step();
}

/// A piece of work, and whatever follows from how it went.
void output_state::step() {
  using kind = record_output::turn::kind;
  const auto now = self_->clock().now();
  const auto next = parts_.output->work(now);
  tell_news();
  if (next.next == kind::idle)
    working_ = false;
  if (finishing_ && (next.next == kind::idle || stuck(now)))
    return end();
  if (next.next == kind::again)
    self_->send(self_, poll_atom_v);
  else if (next.next == kind::later)
    self_->delayed_send(self_, std::min<std::chrono::milliseconds>(next.delay, grace), poll_atom_v);
}

std::string output_state::reopen() {
  auto reopened = parts_.output->reopen();
  return reopened ? std::string() : reopened.failure().what;
}

caf::result<record_counters> output_state::finish() {
  promise_ = self_->make_response_promise<record_counters>();
  finishing_ = true;
  moved_ = parts_.output->moved();
  moved_at_ = self_->clock().now();
  write();
  return promise_;
}

/// True if nothing has moved for longer than the end may take.
bool output_state::stuck(clock::time_point now) {
  if (std::exchange(moved_, parts_.output->moved()) != parts_.output->moved()) {
    moved_at_ = now;
    return false;
  }
  const bool hasty = !parts_.queue->options().patient || parts_.queue->hurried();
  return now - moved_at_ > (hasty ? grace : parts_.queue->options().patience);
}

void output_state::end() {
  const auto why = parts_.output->in_trouble() ? parts_.output->loss() : record_loss::unfinished;
  parts_.output->close(why);
  promise_.deliver(parts_.queue->counters());
  self_->quit();
}

void output_state::tell_news() {
  for (const auto& news : parts_.output->take_news()) {
    if (news.trouble)
      log::warning(name, "can't write", parts_.name, news.what);
    else
      log::info(name, "writes again", parts_.name, news.what);
  }
}

output_actor::behavior_type output(output_actor::stateful_pointer<output_state> self,
                                   std::shared_ptr<output_parts> parts) {
  tell_exceptions(self);
  self->state.start(std::move(*parts));
  return self->state.make_behavior();
}

} // namespace flowactors
