#pragma once

#include "capture/event.hpp"
#include "lua/bounded_library.hpp"
#include "lua/fault_gate.hpp"
#include "lua/flow_facts.hpp"
#include "lua/helpers/json_writer.hpp"
#include "lua/output_meter.hpp"
#include "lua/script_output.hpp"

#include <chrono>
#include <string>
#include <string_view>

struct lua_State;

namespace flowactors {

/// What the host functions of a VM work on; one for each VM, at an address that stays.
struct host_state {
  host_state() = default;
  host_state(const host_state&) = delete;
  ~host_state();

  script_output* output = nullptr;
  output_meter meter;    ///< how much may be written
  fault_gate finalizers; ///< which of their errors are told
  std::string scratch;   ///< for text that must outlive a Lua error
  json_writer writer{json_limits{.budget = &budget}};
  script_text emitted{}; ///< what `writer` wrote last for `emit`
  bounded_budget budget;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  int udp_sockets[2] = {-1, -1}; ///< IPv4, IPv6; opened by the first ntop.send_udp_data
};

/// Writes as scripts do, within the bound of a second.
void write_out(host_state& host, std::string_view bytes) noexcept;

/// Logs a line of a script, within the same bound.
void log_out(host_state& host, script_output::level severity, std::string_view script,
             std::string_view text) noexcept;

/// Hands a record on within the same bound. False if no output takes it.
bool emit_out(host_state& host, const emitted_record& record) noexcept;

/// What a string.buffer holds, read from LuaJIT's own structure, since a VM that was left can't be
/// asked. Empty if this LuaJIT keeps it another way.
std::string_view pending_text(const void* buffer) noexcept;

/// Adds to the table on top of the stack the C functions and addresses behind print, io.write,
/// ntop.* and interface.*. May raise.
void push_host_functions(lua_State* state, host_state& host);

} // namespace flowactors
