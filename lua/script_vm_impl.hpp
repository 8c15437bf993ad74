#pragma once

// The inside of script_vm, for its own sources: script_vm.cpp (what others see),
// script_loading.cpp, script_calls.cpp, script_batches.cpp, script_breaches.cpp, script_heap.cpp,
// script_code.cpp.

#include "lua/call_costs.hpp"
#include "lua/call_guard.hpp"
#include "lua/fault_gate.hpp"
#include "lua/script_breaker.hpp"
#include "lua/script_vm.hpp"
#include "lua/vm_state.hpp"

#include <lua.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flowactors {

inline constexpr std::array<const char*, event_kind_count> callback_names{
  "flowCreate", "flowProtocolDetected", "flowUpdate", "flowDelete"};

/// A function of a script, at a fixed place on the state's stack.
struct script_callback {
  script_callback(size_t of_script, event_kind of_kind)
    : script(of_script), kind(of_kind), name(callback_names[static_cast<size_t>(of_kind)]) {}

  size_t script;
  event_kind kind;
  const char* name;
  int index = 0;       ///< 0 = the script has it no more
  bool active = false; ///< it may be called
  uint64_t calls = 0;
  uint64_t errors = 0;
  uint64_t suspended = 0;
  limit_counts limits{};
  call_costs costs;
  fault_gate gate;
};

/// A script's text, and what became of it.
struct loaded_script {
  std::string name;
  std::string file; ///< with its folder
  std::string text; ///< a VM that had to be left is built from it anew
  bool left_out = false;
  bool counted = false; ///< it has a number
  size_t number = 0;    ///< among those that load
};

/// A script that runs.
struct running_script {
  explicit running_script(const script_limits& limits) : breaker(limits) {}

  std::array<script_callback*, event_kind_count> callbacks{}; ///< by kind, or null
  int runner = 0;                                             ///< its loop over a batch; 0 = none
  script_breaker breaker;
  std::string reason; ///< of the last breach
  uint64_t breaches = 0;
  uint64_t batches = 0; ///< that its loop began
};

/// Says nothing, for a VM without an output.
class silence final : public script_output {
public:
  void write(std::string_view) noexcept override {}
  void log(level, std::string_view, std::string_view) noexcept override {}
  void fault(std::string_view, std::string_view, std::string_view, uint64_t) noexcept override {}
};

struct script_vm::impl {
  // Fixed places on the state's stack; the scripts' functions come above.
  static constexpr int load_script = 1, hand_over = 2, written = 3, error_handler = 4,
                       collect_step = 5, load_request = 6;

  explicit impl(const script_vm_options& options);
  ~impl();
  impl(const impl&) = delete;

  // -- script_loading.cpp
  result<void> open();
  result<void> build();
  void load(loaded_script& script);
  void take(loaded_script& script, int base);
  void leave_out(loaded_script& script, long line, std::string_view what);
  void flush_output() noexcept;
  void save_output() noexcept;

  // -- script_calls.cpp
  void handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept;
  void begin(event_kind kind, flow_record& flow, int64_t now_ns) noexcept;
  void run_callbacks() noexcept;
  void go_on() noexcept;
  void call(script_callback& target) noexcept;
  void call_here(script_callback& target) noexcept;
  void call_protected(script_callback& target) noexcept;
  void call_timed(script_callback& target) noexcept;
  void fail(script_callback& target, int status) noexcept;
  script_callback* running() noexcept;
  void advise(std::string_view message) noexcept;

  // -- script_batches.cpp
  void handle(std::span<const script_event> events) noexcept;
  void run_batch() noexcept;
  void run_batch_of(running_script& script) noexcept;
  void run_events_of(running_script& script) noexcept;
  void count_left() noexcept;
  void count_batch(running_script& script, size_t until) noexcept;

  // -- script_breaches.cpp
  void breach(size_t script, limit_kind kind, std::string_view text, bool grave = false) noexcept;
  void apply(size_t script) noexcept;
  void tell_state(size_t script, bool grave = false) noexcept;
  void recover() noexcept;
  void rebuild() noexcept;
  void advance_breakers() noexcept;

  // -- script_lifecycle.cpp
  bool run_hook(size_t script, script_hook hook, std::string_view bytes, size_t place) noexcept;
  void run_hook_alone(size_t script, script_hook hook, std::string_view bytes,
                      size_t place) noexcept;
  void set_up() noexcept;
  void tick(int64_t now_ns) noexcept;
  void receive() noexcept;
  void deliver() noexcept;

  // -- script_heap.cpp
  void settle_heap() noexcept;
  void collect() noexcept;
  void set_pause() noexcept;
  void hold_collector(size_t slack) noexcept;

  // -- script_code.cpp
  void await_settling() noexcept;
  void compile_anew() noexcept;

  static int on_error(lua_State* L);
  static int on_collect(lua_State* L);
  static int on_load(lua_State* L);

  const script_vm_options options;
  silence nobody_listens;
  script_output* output;
  flow_access access;
  helper_memory helpers;
  host_state host;
  cache_state cache;
  call_guard guard;
  safe_point point;
  lifecycle_state lifecycle;
  std::vector<std::unique_ptr<script_callback>> hook_targets; // by script and hook, or null
  lua_State* L = nullptr;
  const void* buffer = nullptr; // string.buffer where written bytes wait
  bool jit = false;
  std::string root;   // absolute
  std::string folder; // of the context, absolute

  std::vector<loaded_script> sources;
  std::vector<std::string> names; // of those that load, by number
  std::vector<std::unique_ptr<running_script>> scripts;
  std::vector<error> faults;
  std::vector<std::string> unknown;
  std::array<std::vector<std::unique_ptr<script_callback>>, event_kind_count> callbacks;
  std::array<uint64_t, event_kind_count> handled{};
  event_mask interest = 0;

  // Where a call goes on after the VM was left and built anew.
  event_kind kind = event_kind::created;
  const std::unique_ptr<script_callback>* due = nullptr; // the next callback
  const std::unique_ptr<script_callback>* due_end = nullptr;
  std::span<const script_event> events; // of the batch
  std::array<uint64_t, event_kind_count> kinds{};
  size_t batch_script = 0;
  size_t counted = 0; // events of the batch that are on the script's account

  script_callback* current = nullptr; // outside batches
  uint64_t telling = 0;               // how many errors to tell of now
  bool entered = false;               // the handler has been called for the current error
  bool noted = false;                 // the handler has seen the current error

  bool purge = false;   // the VM holds what a suspended script left
  size_t unsettled = 0; // scripts that are suspended or on trial
  uint64_t rebuilds = 0;

  uint64_t compile_at = 0; // events handled; 0 = not again
  size_t live_kb = 0;      // after the last collection
  size_t seen_kb = 0;      // at the last flush
  bool collecting = false;
};

/// The text at a place of the stack.
inline std::string_view message_at(lua_State* L, int index) noexcept {
  if (lua_type(L, index) != LUA_TSTRING)
    return "(the error is not a text)";
  size_t size = 0;
  const char* text = lua_tolstring(L, index, &size);
  return {text, size};
}

} // namespace flowactors
