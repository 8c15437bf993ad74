#include "lua/script_vm_impl.hpp"

#include <algorithm>

namespace flowactors {

namespace {

std::string seconds_of(std::chrono::nanoseconds time) {
  const double s = std::chrono::duration<double>(time).count();
  std::string text = std::to_string(s);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.'))
    text.pop_back();
  return text + " s";
}

} // namespace

void script_vm::impl::breach(size_t number, limit_kind broken, std::string_view text,
                             bool grave) noexcept {
  running_script& script = *scripts[number];
  ++script.breaches;
  script.reason = text.substr(0, std::min(text.find('\n'), size_t{200}));
  if (!script.breaker.breach(clock_ns(), grave))
    return;
  apply(number);
  tell_state(number, grave);
  // What it holds would strike the others.
  purge = purge || broken == limit_kind::memory;
}

/// Lets the callbacks of a script run, or not, as its breaker says.
void script_vm::impl::apply(size_t number) noexcept {
  const running_script& script = *scripts[number];
  for (script_callback* target : script.callbacks)
    if (target != nullptr)
      target->active = script.breaker.closed() && target->index != 0;
  unsettled = static_cast<size_t>(
    std::ranges::count_if(scripts, [](const auto& x) { return !x->breaker.settled(); }));
}

void script_vm::impl::tell_state(size_t number, bool grave) noexcept {
  const running_script& script = *scripts[number];
  const auto told = [&](script_output::level level, const std::string& text) {
    output->log(level, names[number], text);
  };
  const std::string breaches = std::to_string(options.limits.breaches)
                               + " breaches of limits within " + seconds_of(options.limits.within);
  const std::string last = "; the last breach: " + script.reason;
  switch (script.breaker.now()) {
    case script_breaker::state::running:
      told(script_output::level::info, "the script goes on: its trial went well");
      break;
    case script_breaker::state::suspended:
      told(script_output::level::warning,
           "the script is suspended for " + seconds_of(options.limits.retry_after) + ": "
             + (grave ? "one breach that weighs as all" : breaches) + last);
      break;
    case script_breaker::state::trial:
      told(script_output::level::info,
           "the script is tried again for " + seconds_of(options.limits.within));
      break;
    case script_breaker::state::off:
      told(script_output::level::warning, "the script is off until the next reload" + last);
      break;
  }
}

/// The VM was left from within a call. What the scripts remembered is lost.
void script_vm::impl::recover() noexcept {
  script_callback& target = *running();
  const bool memory = guard.reason() == call_guard::exit_reason::memory;
  const auto broken = memory ? limit_kind::memory : limit_kind::deadline;
  const std::string text = std::string{"limit: "} + to_string(broken) + ": "
                           + (memory ? "the VM would have held more than "
                                         + std::to_string(guard.memory().most()) + " bytes"
                                     : "a call did not end")
                           + "; the VM is built anew, what scripts remembered is lost";
  count_left();
  ++target.errors;
  ++target.limits[static_cast<size_t>(broken)];
  noted = false;
  telling = 0;
  if (const uint64_t count = target.gate.note(text, clock_ns()); count != 0)
    output->fault(names[target.script], target.name, text, count);
  const bool lost = guard.reason() == call_guard::exit_reason::watchdog;
  breach(memory ? guard.greediest() : target.script, broken, text, lost);
  save_output();
  if (!lost) {
    guard.memory().close(L);
  } else { // it was interrupted anywhere in LuaJIT, and can't be closed
    helpers.release_all();
    guard.memory().abandon();
  }
  L = nullptr;
  rebuild();
}

void script_vm::impl::rebuild() noexcept {
  ++rebuilds;
  purge = false;
  if (L != nullptr)
    guard.memory().close(L);
  L = nullptr;
  access.cursor.pending = 0;
  lifecycle.lose_messages();
  for (const auto& script : scripts) {
    script->runner = 0;
    for (script_callback* target : script->callbacks)
      if (target != nullptr)
        target->index = 0;
  }
  const script_cursor before = access.cursor;
  access.cursor.flow = &access.nobody;
  access.cursor.live = 0;
  access.cursor.place = 0;
  if (const auto built_anew = build(); !built_anew)
    output->log(script_output::level::error, "",
                "no script runs any more: " + built_anew.failure().what);
  access.cursor = before;
  for (size_t i = 0; i < scripts.size(); ++i)
    apply(i);
}

void script_vm::impl::advance_breakers() noexcept {
  const int64_t now = clock_ns();
  for (size_t i = 0; i < scripts.size(); ++i)
    if (scripts[i]->breaker.advance(now)) {
      apply(i);
      tell_state(i);
    }
}

} // namespace flowactors
