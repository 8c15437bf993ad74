#pragma once

#include "lua/script_post.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct lua_State;

namespace flowactors {

/// What a script may export beside the four callbacks of flows.
enum class script_hook : uint8_t { setup, tick, teardown, save, restore, message };

inline constexpr std::array<const char*, 6> hook_names{"setup", "tick",    "teardown",
                                                       "save",  "restore", "message"};

/// The hooks of one script.
struct script_hooks {
  uint32_t mask = 0;       ///< bit n = hook n is there
  int64_t interval_ns = 0; ///< of tick
  int64_t next_ns = 0;     ///< packet time of the next tick; 0 = not known yet
  bool fresh = true;       ///< setup has not run in this VM

  bool has(script_hook which) const noexcept { return (mask >> static_cast<int>(which) & 1) != 0; }
};

/// What becomes of a message that a script sends.
enum class message_end : uint8_t {
  delivered,       ///< to those scripts of the VM that take messages
  posted,          ///< to other VMs
  unknown_context, ///< nobody has that name
  not_encodable,   ///< it holds a function or the like; the sender got an error
  too_large,       ///< the sender got an error
  queue_full,      ///< too many were waiting
  lost_with_vm     ///< the VM was built anew while it waited
};

inline constexpr size_t message_end_count = 7;

/// "delivered", "unknown_context", ...
const char* to_string(message_end end) noexcept;

/// The messages of one VM. What was sent or has come has ended or waits.
struct message_counts {
  uint64_t sent = 0;
  uint64_t received = 0; ///< of other VMs
  uint64_t waiting = 0;  ///< for good, once the VM is replaced or the run has ended
  std::array<uint64_t, message_end_count> ended{};
};

/// Hooks of the scripts of one VM, by number; at an address that stays.
struct lifecycle_state {
  std::vector<script_hooks> scripts;
  bool begun = false; ///< script_vm::begin was called
  message_counts messages;
  std::shared_ptr<script_post> post; ///< null = there are no other VMs

  /// Those that waited are lost with their VM.
  void lose_messages() noexcept;
};

/// What a script has saved, as bytes that any VM of this process understands.
struct saved_state {
  std::string script;
  std::string bytes;
};

/// The most that one script may save, in bytes.
inline constexpr size_t most_saved_bytes = 4u << 20;

/// Adds to the table on top of the stack what chunks/lifecycle.lua needs of the host. May raise.
void push_lifecycle(lua_State* state, lifecycle_state& lifecycle);

} // namespace flowactors
