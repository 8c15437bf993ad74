#pragma once

#include "capture/event.hpp"
#include "capture/result.hpp"
#include "lua/compat_names.hpp"
#include "lua/script_event.hpp"
#include "lua/script_lifecycle.hpp"
#include "lua/script_limits.hpp"
#include "lua/script_output.hpp"
#include "lua/value_store.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace flowactors {

/// Whether compiled traces are used: `automatic` probes for executable memory and logs if it is
/// refused.
enum class jit_mode : uint8_t { automatic, on, off };

/// The texts of a context's scripts as they were read once, for all VMs that shall run the same
/// although somebody may be writing the files.
struct script_texts {
  struct file {
    std::string name; ///< without its folder
    std::string path;
    std::string text;
  };
  bool read = false; ///< what follows is there
  std::vector<file> files;
  std::vector<error> faults; ///< files that could not be read
};

struct script_vm_options {
  std::string context =
    "inline"; ///< folder under callbacks/user_scripts, and the global `script_context`
  std::vector<std::filesystem::path> files; ///< these scripts, not those of the folder
  std::shared_ptr<script_texts> texts;      ///< read by the first VM that gets them; null = its own
  std::filesystem::path root; ///< the folder that holds callbacks/ and lua/modules/ (scripts/)
  jit_mode jit = jit_mode::automatic;
  const catalog* names = nullptr;            ///< outlives the VM
  name_age compat_names = name_age::current; ///< of what the API of 2017 gives
  uint16_t community_id_seed = 0;
  const char* text_arena = nullptr;   ///< where flow_record::text points into; outlives the VM. Can
                                      ///< be set later by `attach`.
  script_output* output = nullptr;    ///< outlives the VM
  std::shared_ptr<value_store> store; ///< of ntop.*Cache; null = one of the VM's own
  std::shared_ptr<script_post> post;  ///< of `send` to other VMs; null = there are none
  size_t helper_bytes = 16u << 20;    ///< what the native helpers of all its scripts may hold
  bool trusted = false;               ///< scripts may do what this process may (docs/sandbox.md)
  script_limits limits;
};

/// What one callback of one script has cost.
struct callback_costs {
  std::string script;   ///< file name
  std::string callback; ///< "flowCreate", or a hook: "tick"
  uint64_t calls = 0;   ///< errors included
  uint64_t errors = 0;
  uint64_t sampled = 0; ///< calls that were timed
  double ns_mean = 0;
  double ns_p50 = 0;
  double ns_p99 = 0;
  double ns_max = 0;
  uint64_t suspended =
    0; ///< events (or times) for which it was not called: the script was suspended
  limit_counts limits{}; ///< of the errors, those by a broken limit
};

/// How a script is doing.
struct script_condition {
  std::string script; ///< file name
  std::string state;  ///< "running", "suspended", "trial", "off"
  uint64_t breaches = 0;
  std::string reason; ///< the last breach; empty = none
};

/// A Lua VM with all scripts of one context, in LuaJIT. Not thread-safe, but may move to another
/// thread between calls: it is built in one and then runs in the capture thread.
class script_vm : public event_handler {
public:
  /// Makes a VM and loads every *.lua file of the context's folder in name order. A file that fails
  /// is left out and is named in `load_faults`; the others load all the same. Fails as a whole only
  /// if there is no VM (memory, library) or the folder can't be read.
  static result<std::unique_ptr<script_vm>> make(const script_vm_options& options);

  ~script_vm() override;

  /// What kept files from loading, each "path:line: message".
  const std::vector<error>& load_faults() const noexcept;

  /// Files that are loaded, in load order (names without folder).
  const std::vector<std::string>& scripts() const noexcept;

  /// Names that scripts export but that are no callback ("flowCreated"), as "file: name (did you
  /// mean flowCreate?)".
  const std::vector<std::string>& unknown_callbacks() const noexcept;

  /// True if callbacks run as compiled traces.
  bool jit() const noexcept;

  /// Where flow_record::text points into from now on.
  void attach(const char* text_arena) noexcept;

  event_mask interest() const noexcept override;

  /// Runs the callbacks of `kind`, script by script in load order, each protected.
  void handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept override;

  /// Runs the callbacks of all events, script by script: a script sees the whole batch, in order,
  /// before the next one does. Errors and limits are those of single calls.
  void handle(std::span<const script_event> events) noexcept;

  /// Hands buffered output on; call between bursts of packets. Also pays the garbage collector's
  /// debt in small steps, and lets suspended scripts try again.
  void flush() noexcept;

  /// Events handed to handle() so far, by kind. Every one of them is `calls` of each script with
  /// that callback, or one for which it was `suspended`.
  uint64_t handled(event_kind kind) const noexcept;

  /// Runs `setup` of all scripts, then `restore` of those for which `from` has something. Call it
  /// once, in the thread that runs the VM, before its first event; without it no hook ever runs.
  void begin(const std::vector<saved_state>& from = {}) noexcept;

  /// As above, and before that: `tick` where it is due by packet time, and messages.
  void flush(int64_t now_ns) noexcept;

  /// What `save` of the scripts gives. One that fails is told of and left out.
  std::vector<saved_state> save() noexcept;

  /// Runs `teardown` of all scripts; call it after the last event.
  void end() noexcept;

  std::vector<callback_costs> costs() const;

  /// The scripts, in load order.
  std::vector<script_condition> conditions() const;

  /// Bytes that scripts wrote beyond the bound of a second.
  uint64_t output_dropped() const noexcept;

  /// What became of the messages that scripts sent.
  const message_counts& messages() const noexcept;

  /// Ends of flows whose data (flow.data) could not be dropped.
  uint64_t data_faults() const noexcept;

  /// How often the VM had to be built anew.
  uint64_t rebuilds() const noexcept;

  /// Bytes held by the VM.
  size_t memory() const noexcept;

private:
  struct impl;
  explicit script_vm(std::unique_ptr<impl> data);
  std::unique_ptr<impl> impl_;
};

} // namespace flowactors
