#include "lua/watchdog.hpp"

#include "lua/call_guard.hpp"
#include "lua/code_ranges.hpp"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace flowactors {

namespace {

constexpr std::chrono::milliseconds look_every{5};
constexpr int64_t asking_grace_ns = 5'000'000;   // the checks come first
constexpr int64_t grace_ns = 10'000'000;         // then the allocator
constexpr int64_t longest_wait_ns = 100'000'000; // for the handler

/// What was seen of a guard.
struct watched {
  call_guard* guard;
  uint64_t turn = 0;
  int32_t place = 0;
  int64_t cpu_ns = -1; // of its thread when this call was first seen; -1 = no call seen
};

struct everything {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<watched> guards;
  bool started = false;
};

// Never destroyed: the thread runs until the process ends.
everything& all() {
  static auto* it = new everything;
  return *it;
}

// What the signal is about; the handler must find the same call still running.
std::atomic<call_guard*> wanted{nullptr};
uint64_t wanted_turn;
int32_t wanted_place;
sem_t handled; // posted by the handler

int signal_number() noexcept {
  return SIGRTMIN + 7;
}

uintptr_t program_counter(const void* context) noexcept {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<uintptr_t>(machine.pc);
#else
  static_cast<void>(machine);
  return 0;
#endif
}

void on_signal(int, siginfo_t*, void* context) {
  call_guard* guard = wanted.exchange(nullptr, std::memory_order_acquire);
  const bool leaves = guard != nullptr && guard->armed()
                      && pthread_equal(guard->thread(), pthread_self()) != 0
                      && guard->turn() == wanted_turn && guard->place() == wanted_place
                      && code_ranges::may_leave(program_counter(context));
  sem_post(&handled);
  if (leaves)
    guard->leave(call_guard::exit_reason::watchdog);
}

int64_t cpu_of(pthread_t thread) noexcept {
  clockid_t clock{};
  timespec now{};
  if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &now) != 0)
    return 0;
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void strike(const watched& target) noexcept {
  code_ranges::refresh();
  wanted_turn = target.turn;
  wanted_place = target.place;
  while (sem_trywait(&handled) == 0) { // of a handler that came too late
  }
  wanted.store(target.guard, std::memory_order_release);
  if (pthread_kill(target.guard->thread(), signal_number()) != 0) {
    wanted.store(nullptr, std::memory_order_relaxed);
    return;
  }
  // The guard must not go away under the handler. A thread that blocks the signal is not waited
  // for.
  timespec until{};
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += longest_wait_ns;
  until.tv_sec += until.tv_nsec / 1'000'000'000;
  until.tv_nsec %= 1'000'000'000;
  while (sem_timedwait(&handled, &until) != 0 && errno == EINTR) {
  }
  wanted.store(nullptr, std::memory_order_relaxed);
}

void look(watched& at) noexcept {
  const call_guard& guard = *at.guard;
  if (!guard.armed()) {
    at.cpu_ns = -1;
    return;
  }
  const uint64_t turn = guard.turn();
  const int32_t place = guard.place();
  if (at.cpu_ns < 0 || turn != at.turn || place != at.place) {
    at.turn = turn;
    at.place = place;
    at.cpu_ns = cpu_of(guard.thread());
    return;
  }
  const int64_t over = cpu_of(guard.thread()) - at.cpu_ns - guard.budget_ns();
  if (over > grace_ns)
    strike(at);
  else if (over > asking_grace_ns)
    at.guard->ask_to_leave(turn, place);
}

void run() {
  everything& it = all();
  std::unique_lock lock{it.mutex};
  for (;;) {
    it.changed.wait(lock, [&] { return !it.guards.empty(); });
    for (watched& at : it.guards)
      look(at);
    it.changed.wait_for(lock, look_every);
  }
}

// Signals are for the other threads.
void start() {
  sem_init(&handled, 0, 0);
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
  sigaction(signal_number(), &action, nullptr);
  sigset_t every, before;
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, &before);
  std::thread{run}.detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

} // namespace

void watchdog::add(call_guard& guard) {
  everything& it = all();
  const std::lock_guard lock{it.mutex};
  if (!std::exchange(it.started, true))
    start();
  it.guards.push_back({&guard});
  it.changed.notify_one();
}

void watchdog::remove(call_guard& guard) noexcept {
  everything& it = all();
  const std::lock_guard lock{it.mutex};
  std::erase_if(it.guards, [&](const watched& at) { return at.guard == &guard; });
}

} // namespace flowactors
