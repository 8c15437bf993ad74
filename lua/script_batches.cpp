#include "lua/flow_data.hpp"
#include "lua/script_vm_impl.hpp"

namespace flowactors {

namespace {

// Fewer events are called one by one: to enter the loop costs more.
constexpr size_t least_batch = 8;

} // namespace

void script_vm::impl::handle(std::span<const script_event> batch) noexcept {
  if (batch.empty())
    return;
  kinds.fill(0);
  for (const script_event& event : batch)
    ++kinds[static_cast<size_t>(event.kind)];
  for (size_t k = 0; k < event_kind_count; ++k)
    handled[k] += kinds[k];
  script_cursor& cursor = access.cursor;
  events = batch;
  cursor.events = batch.data();
  cursor.count = static_cast<int32_t>(batch.size());
  cursor.place = 0;
  cursor.turn += 1;
  cursor.live = 1;
  batch_script = 0;
  counted = 0;
  while (!guard.enter([this] { run_batch(); })) {
    recover();
    ++cursor.place; // past the event whose call was left
  }
  events = {};
  cursor.turn += cursor.count;
  cursor.place = cursor.count = 0;
  cursor.live = 0;
  cursor.flow = &access.nobody;
}

void script_vm::impl::run_batch() noexcept {
  for (; batch_script < scripts.size(); ++batch_script) {
    running_script& script = *scripts[batch_script];
    access.cursor.script = static_cast<int32_t>(batch_script);
    if (script.runner != 0 && events.size() >= least_batch)
      run_batch_of(script);
    else
      run_events_of(script);
    access.cursor.place = 0;
    counted = 0;
  }
  if (!access.has_data)
    return;
  for (const script_event& event : events)
    if (event.kind == event_kind::ended) {
      access.cursor.flow = event.flow;
      drop_flow_data(L);
    }
}

/// Goes on after an event that failed. If it is timed, the time is shared out evenly.
void script_vm::impl::run_batch_of(running_script& script) noexcept {
  int32_t& place = access.cursor.place;
  const int32_t first = place;
  const bool timed = call_costs::times_batch(script.batches++);
  const int64_t start = timed ? clock_ns() : 0;
  bool whole = false;
  while (place < access.cursor.count && script.breaker.closed() && !whole) {
    guard.begin(batch_script);
    lua_pushvalue(L, script.runner);
    const int status = lua_pcall(L, 0, 0, error_handler);
    whole = status == 0;
    if (!whole) {
      script_callback& target = *running();
      fail(target, status);
      ++place;
    }
  }
  guard.end();
  if (!whole) {
    count_batch(script, static_cast<size_t>(place));
    return;
  }
  count_batch(script, events.size());
  if (!timed)
    return;
  const auto mean = static_cast<double>(clock_ns() - start - clock_cost_ns())
                    / static_cast<double>(events.size() - static_cast<size_t>(first));
  for (script_callback* target : script.callbacks)
    if (target != nullptr && kinds[static_cast<size_t>(target->kind)] != 0)
      target->costs.add(static_cast<int64_t>(mean));
}

void script_vm::impl::run_events_of(running_script& script) noexcept {
  script_cursor& cursor = access.cursor;
  for (; cursor.place < cursor.count; ++cursor.place) {
    const script_event& event = events[static_cast<size_t>(cursor.place)];
    script_callback* const target = script.callbacks[static_cast<size_t>(event.kind)];
    if (target == nullptr)
      continue;
    if (!target->active) {
      ++target->suspended;
      continue;
    }
    cursor.flow = event.flow;
    cursor.now_ns = event.now_ns;
    call(*target);
  }
}

/// The VM was left in a loop over a batch: the events up to here were called.
void script_vm::impl::count_left() noexcept {
  if (events.size() < least_batch || scripts[batch_script]->runner == 0)
    return;
  const auto until = static_cast<size_t>(access.cursor.place) + 1;
  for (; counted < until; ++counted)
    if (script_callback* target =
          scripts[batch_script]->callbacks[static_cast<size_t>(events[counted].kind)])
      ++target->calls;
}

/// Puts the events before `until` on the account as called, the rest as suspended.
void script_vm::impl::count_batch(running_script& script, size_t until) noexcept {
  if (counted == 0 && until == events.size()) {
    for (size_t k = 0; k < event_kind_count; ++k)
      if (script.callbacks[k] != nullptr)
        script.callbacks[k]->calls += kinds[k];
    return;
  }
  for (; counted < events.size(); ++counted)
    if (script_callback* target = script.callbacks[static_cast<size_t>(events[counted].kind)])
      ++(counted < until ? target->calls : target->suspended);
}

} // namespace flowactors
