#pragma once

#include "lua/compat_names.hpp"
#include "lua/flow_facts.hpp"

#include <array>
#include <optional>

struct lua_State;

namespace flowactors {

/// What the methods of `flow` work on; one for each VM, at an address that stays.
struct flow_access {
  explicit flow_access(const catalog* names) : facts(names) { cursor.flow = &nobody; }
  flow_access(const flow_access&) = delete;

  flow_record nobody{}; ///< what the cursor points at outside callbacks
  script_cursor cursor{};
  flow_facts facts;
  script_text found{};         ///< what the last search gave
  std::array<char, 64> made{}; ///< text that a search had to write
  size_t kept_places = 1;      ///< a power of two: so many flows' texts are kept
  size_t most_code_kb = 512;   ///< compiled code, in KiB
  uint16_t community_id_seed = 0;
  std::optional<names_of_2017> old_names; ///< what the methods give instead of those of today
  uint64_t data_faults = 0;               ///< ends of flows whose tables could not be dropped
  bool has_data = false;                  ///< scripts keep tables by flow
};

/// Adds to the table on top of the stack all that chunks/layout.lua and chunks/flow.lua need of the
/// host. May raise.
void push_flow_access(lua_State* state, flow_access& access);

// What a search gives, with its result in flow_access::found: 0 = the flow is of another kind, 1 =
// not known yet, 2 = found. Called by the native methods, find_url through FFI, too.
int32_t find_server_name(flow_access* access, script_cursor* cursor) noexcept;
int32_t find_url(flow_access* access, script_cursor* cursor) noexcept;
int32_t find_content_type(flow_access* access, script_cursor* cursor) noexcept;

} // namespace flowactors
