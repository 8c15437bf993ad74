#pragma once

#include "lua/script_limits.hpp"
#include "lua/vm_memory.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

struct lua_State;

namespace flowactors {

/// Holds one VM's calls to their bounds. One for each VM, at an address that stays.
///
/// Three lines of defence: instrumented script text calls `check` every thousand loops and function
/// entries; the allocator leaves the VM when it would hold too much; the watchdog leaves it when a
/// call runs far beyond its deadline without a check. After the latter two the VM is gone.
class call_guard {
public:
  /// Why a VM was left.
  enum class exit_reason : uint8_t {
    none,
    memory,
    overdue, ///< at an allocation, because the watchdog has asked for it
    watchdog ///< anywhere: the VM can't even be closed
  };

  /// Loops and function entries until the next check: as many as take about `check_every_ns` where
  /// the script is now. A turn of a loop may copy a megabyte.
  int next_turns() noexcept { return turns_of_script(); }
  static constexpr int most_turns = 1000;
  static constexpr int64_t check_every_ns = 50'000;

  /// What a check spends on the collector when scripts hold too much, and what of it a call gets
  /// for nothing: it may not be this script's garbage.
  static constexpr int64_t collect_for_ns = 500'000, most_pardon_ns = 1'000'000;

  explicit call_guard(const script_limits& limits);
  ~call_guard();
  call_guard(const call_guard&) = delete;

  /// Runs `body`, which may call scripts; false if their VM was left from within. Frames between
  /// must hold nothing that has a destructor.
  template <class Body>
  bool enter(Body body) {
    struct outcome {
      Body& body;
      bool stayed;
    } held{body, true};
    enter([](outcome*) {}, [](outcome* f) { f->body(); }, [](outcome* f) { f->stayed = false; },
          &held);
    return held.stayed;
  }

  /// The same for what runs at each event: `before(self, more...)`, still without a way out, then
  /// `body(self)`, and `left(self)` if the VM was left. One frame does it all, and nothing is kept
  /// around the way out but `self`.
  template <class Before, class Body, class Left, class Self, class... More>
  [[gnu::noinline]] void enter(Before before, Body body, Left left, Self* self, More... more) {
    before(self, more...);
    // NOLINTNEXTLINE: there is no other way out of compiled code. The compiler's own is several
    // times cheaper than the library's, and this stands before each event.
    if (__builtin_setjmp(exit_) != 0) {
      armed_.store(false, std::memory_order_relaxed);
      end();
      return left(self);
    }
    know_thread();
    std::atomic_signal_fence(std::memory_order_release);
    armed_.store(true, std::memory_order_relaxed);
    body(self);
    armed_.store(false, std::memory_order_relaxed);
  }

  /// A call of script number `script` begins: its time counts from its first check on, and what the
  /// heap grows by is its own.
  void begin(size_t script) noexcept {
    script_ = script;
    turn_.store(turn_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    memory_.charge(&grown_[script]);
  }

  /// It has ended.
  void end() noexcept { memory_.charge(&nobodys_); }

  /// Bound of the calls from now on; 0 = none.
  void set_budget(int64_t ns) noexcept { budget_ns_ = ns == 0 ? INT64_MAX / 4 : ns; }

  /// In a batch the number of the current event is part of what tells one call from another.
  void set_place(const int32_t* place) noexcept { place_ = place; }

  /// True if the current call has broken a limit: then it can't go on.
  bool broken() const noexcept {
    return broken_turn_ == turn_.load(std::memory_order_relaxed) && broken_place_ == place();
  }
  limit_kind kind() const noexcept { return kind_; }

  /// Marks the current call.
  void mark(limit_kind kind) noexcept {
    broken_turn_ = turn_.load(std::memory_order_relaxed);
    broken_place_ = place();
    kind_ = kind;
  }

  /// Looks at the clock and the memory; raises a limit error if a bound is broken.
  void check(lua_State* state);

  /// True if a check is due because of the time; it may find that the thread did not run.
  bool late() const noexcept;

  /// Why the VM was left.
  exit_reason reason() const noexcept { return reason_; }

  vm_memory& memory() noexcept { return memory_; }
  const vm_memory& memory() const noexcept { return memory_; }

  /// So many scripts have calls, at least one, numbered from 0.
  void set_scripts(size_t count) {
    memory_.charge(&nobodys_);
    script_ = 0;
    grown_.assign(std::max(count, size_t{1}), 0);
    turns_.assign(std::max(count, size_t{1}), 1);
  }
  /// The script that made the heap grow most.
  size_t greediest() const noexcept;

  // -- for the watchdog ---------------------------------------------------------------------------
  bool armed() const noexcept { return armed_.load(std::memory_order_relaxed); }
  uint64_t turn() const noexcept { return turn_.load(std::memory_order_relaxed); }
  int32_t place() const noexcept { return __atomic_load_n(place_, __ATOMIC_RELAXED); }
  pthread_t thread() const noexcept { return thread_; }
  int64_t budget_ns() const noexcept { return budget_ns_; }
  [[noreturn, gnu::noinline]] void leave(exit_reason reason) noexcept;

  /// That call is to be left at its next allocation.
  void ask_to_leave(uint64_t turn, int32_t place) noexcept {
    overdue_turn_.store(turn, std::memory_order_relaxed);
    overdue_place_.store(place, std::memory_order_relaxed);
    memory_.ask(on_asked);
  }

private:
  /// Asks for the thread only when it may be another one.
  void know_thread() noexcept {
    static thread_local char here;
    if (where_ == &here)
      return;
    where_ = &here;
    thread_ = pthread_self();
  }

  static void on_full(void* self);
  static void on_asked(void* self);
  void check_clock(lua_State* state);
  void adapt(int64_t elapsed_ns) noexcept;
  int& turns_of_script() noexcept { return turns_[script_]; }
  void check_memory(lua_State* state);

  void* exit_[5];
  std::atomic<bool> armed_{false};
  std::atomic<uint64_t> turn_{0};
  pthread_t thread_{};
  const char* where_ = nullptr; // a place that each thread has of its own
  const int32_t* place_;
  int64_t budget_ns_ = 0;
  size_t script_ = 0;

  std::atomic<uint64_t> overdue_turn_{UINT64_MAX};
  std::atomic<int32_t> overdue_place_{-1};
  uint64_t seen_turn_ = 0; // the call of the last check
  int32_t seen_place_ = -1;
  int64_t seen_ns_ = 0; // time of the last check
  int64_t until_ns_ = 0;
  std::vector<int> turns_{1}; // until the next check, by script
  int64_t cpu_ns_ = 0;        // of the thread, at its first check

  uint64_t broken_turn_ = UINT64_MAX;
  int32_t broken_place_ = -1;
  limit_kind kind_ = limit_kind::other;
  exit_reason reason_ = exit_reason::none;

  vm_memory memory_;
  static constexpr int whole_cycles = 2; // of the collector: it may be in the middle of one
  int cycles_left_ = whole_cycles;
  int64_t pardon_ns_ = 0;
  size_t collect_above_ = 0;      // bytes; below it the heap is as small as it gets
  std::vector<int64_t> grown_{0}; // bytes, net, while each script ran
  int64_t nobodys_ = 0;
};

/// Adds to the table on top of the stack `slow` and `recheck`, and makes `guard` known to
/// raise_limit. May raise.
///
///   slow() -> allowance     called by instrumented text
///   recheck(value)          called where an error was caught: raises again what must not be caught
void push_guard(lua_State* state, call_guard& guard);

/// The guard of a state, or null.
call_guard* guard_of(lua_State* state) noexcept;

} // namespace flowactors
