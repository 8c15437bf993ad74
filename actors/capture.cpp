#include "actors/capture.hpp"

#include "actors/exceptions.hpp"
#include "actors/log.hpp"

#include <algorithm>
#include <utility>

namespace flowactors {

namespace {

int64_t wall_clock_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
           std::chrono::system_clock::now().time_since_epoch())
    .count();
}

/// A block of packets may be this much older than the clock when it is handed over.
constexpr int64_t live_lag_ns = 1'000'000'000;

/// How long a drain goes on emptying the ring of an interface where packets keep coming.
constexpr std::chrono::milliseconds ring_grace{250};

std::vector<protocol_account> protocols_of(const tracker& flows) {
  std::vector<protocol_account> out;
  const auto& totals = flows.protocols();
  for (size_t i = 0; i < totals.size(); ++i)
    if (totals[i].flows != 0)
      out.push_back({flows.names().protocols[i], totals[i]});
  std::ranges::sort(out, {}, &protocol_account::name);
  return out;
}

} // namespace

void capture_state::start(capture_parts parts) {
  parts_ = std::move(parts);
  if (parts_.scripts != nullptr)
    parts_.scripts->attach(parts_.flows->text_arena());
  fan_.set_scripts(parts_.scripts.get());
  fan_.attach(parts_.flows->text_arena());
  fan_.set_records(parts_.records);
  fan_.set_lanes(std::move(parts_.lanes));
}

capture_actor::behavior_type capture_state::make_behavior() {
  return {
    [this](run_atom) { return run(); },
    [this](poll_atom) { poll(); },
    [this](swap_atom, scripts_in_transit& next) { return swap(std::move(next)); },
    [this](lanes_atom, lanes_in_transit& next) { change_lanes(next); },
    [this](change_atom, const capture_changes& to) { return change(to); },
    [this](snapshot_atom) { return snapshot(); },
    [this](progress_atom) { return progress(); },
    [this](drain_atom) { drain(); },
  };
}

caf::result<capture_end> capture_state::run() {
  promise_ = self_->make_response_promise<capture_end>();
  phase_ = phase::reading;
  if (parts_.scripts != nullptr)
    parts_.scripts->begin();
  parts_.from->open(); // before the mailbox is looked at: whoever is answered may send packets
  log::debug(name, "reads", parts_.from->name());
  self_->send(self_, poll_atom_v);
  return promise_;
}

void capture_state::poll() {
  if (phase_ != phase::reading)
    return;
  const auto until = std::chrono::steady_clock::now() + parts_.slice;
  lane* full = nullptr;
  while ((full = fan_.choked()) == nullptr && burst() && std::chrono::steady_clock::now() < until) {
  }
  if (full != nullptr) // a context is slow: meanwhile nothing is read, but the mailbox
    full->wait(parts_.slice);
  collect_faults();
  if (parts_.voice != nullptr && parts_.voice->closed())
    parts_.from->stop(); // other workers of the input do so, too, at the same packet
  const bool over =
    parts_.from->at_end(); // asked before `stopped`: another worker's stop ends this one
  if (parts_.from->stopped() && !parts_.from->owes())
    drain();
  else if (over)
    end(end_reason::end_of_input);
  else
    self_->send(self_, poll_atom_v);
}

/// One burst of packets through the line; false if there was none.
bool capture_state::burst() {
  const size_t n = parts_.from->read(frames_);
  if (n != 0)
    parts_.flows->process(std::span(frames_).first(n), fan_);
  else if (parts_.from->live())
    parts_.flows->advance(wall_clock_ns() - live_lag_ns, fan_);
  if (parts_.scripts != nullptr)
    parts_.scripts->flush(parts_.flows->now_ns());
  if (parts_.voice != nullptr)
    parts_.voice->pump();
  if (parts_.records != nullptr)
    parts_.records->flush(); // the next read may wait
  fan_.flush(parts_.flows->now_ns(), n < burst_frames);
  return n != 0;
}

scripts_in_transit capture_state::swap(scripts_in_transit next) {
  const auto since = std::chrono::steady_clock::now();
  std::vector<saved_state> saved;
  if (parts_.scripts != nullptr) {
    saved = parts_.scripts->save();
    parts_.scripts->end();
  }
  if (next.vm != nullptr) {
    next.vm->attach(parts_.flows->text_arena());
    next.vm->begin(saved);
  }
  fan_.set_scripts(next.vm.get());
  const std::chrono::nanoseconds pause = std::chrono::steady_clock::now() - since;
  return {std::exchange(parts_.scripts, std::move(next.vm)), pause.count()};
}

void capture_state::change_lanes(lanes_in_transit& next) {
  fan_.flush(parts_.flows->now_ns(), true);
  fan_.set_lanes(std::move(*next.writers));
}

std::string capture_state::change(const capture_changes& to) {
  if (to.times)
    parts_.flows->set_times(to.to);
  if (!to.filter || !parts_.from->live())
    return {};
  const auto done = parts_.from->set_filter(to.text);
  return done ? std::string() : parts_.from->name() + ": " + done.failure().what;
}

capture_snapshot capture_state::snapshot() {
  capture_snapshot out;
  out.source = parts_.from->counters();
  out.tracker = parts_.flows->counters();
  out.source.handed_out -= out.tracker.of_others; // its share, so that those of all workers add up
  out.protocols = protocols_of(*parts_.flows);
  if (parts_.scripts != nullptr)
    out.scripts = account_of(*parts_.scripts);
  out.unscripted = fan_.unscripted();
  if (parts_.records != nullptr)
    out.records = parts_.records->account();
  out.lanes = fan_.lanes();
  return out;
}

capture_progress capture_state::progress() {
  const auto bytes = parts_.from->progress();
  return {bytes.done, bytes.total, parts_.flows->seen()};
}

void capture_state::drain() {
  if (phase_ != phase::reading || parts_.from->owes())
    return; // it reads on until it has had what other workers have had
  // What waits in the kernel's ring was captured before the word came.
  const auto until = std::chrono::steady_clock::now() + ring_grace;
  while (parts_.from->live() && burst() && std::chrono::steady_clock::now() < until) {
  }
  end(end_reason::shutdown);
}

void capture_state::end(end_reason reason) {
  phase_ = phase::ended;
  parts_.flows->finish(reason, fan_);
  fan_.flush(parts_.flows->now_ns(), true);
  if (parts_.scripts != nullptr)
    parts_.scripts->end();
  if (parts_.records != nullptr)
    parts_.records->flush();
  log::debug(name, "ends", parts_.from->name(), to_string(reason));
  promise_.deliver(capture_end{snapshot(), std::move(failures_)});
  self_->quit();
}

void capture_state::collect_faults() {
  for (const auto& w : parts_.from->take_warnings())
    log::warning(name, "reads on after", w.what);
  for (auto& f : parts_.from->take_failures()) {
    log::error(name, "fails", f.what);
    failures_.push_back(std::move(f.what));
  }
}

capture_actor::behavior_type capture(capture_actor::stateful_pointer<capture_state> self,
                                     std::shared_ptr<capture_parts> parts) {
  tell_exceptions(self);
  self->state.start(std::move(*parts));
  return self->state.make_behavior();
}

} // namespace flowactors
