#pragma once

namespace flowactors {

class call_guard;

/// The last resort against a call that no check stops: a thread, one for the process, that looks at
/// every guard from time to time. When a call has used more processor time than its deadline, the
/// VM is asked to be left at its next allocation. When that does not come, the thread that runs it
/// gets a signal, whose handler leaves the VM if it was interrupted inside of LuaJIT or of compiled
/// code; otherwise the next look tries again. Costs a call nothing.
namespace watchdog {

/// From now on `guard` is looked at. Starts the thread with the first one.
void add(call_guard& guard);

/// Returns when nobody looks at it any more.
void remove(call_guard& guard) noexcept;

} // namespace watchdog

} // namespace flowactors
