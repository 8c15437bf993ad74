#pragma once

#include "lua/helpers/helper_memory.hpp"

struct lua_State;

namespace flowactors {

/// Pushes a table of what makes the helpers, for scripts: window_counter, distinct, top_k,
/// expiring_set, expiring_map, prefix_set. What they make are userdata with methods and nothing
/// else; what they hold is counted in `memory`, which outlives the state. May raise.
void push_helpers(lua_State* state, helper_memory& memory);

// Each pushes the function that makes its helper. May raise.
void push_window_counter(lua_State* state, helper_memory& memory);
void push_distinct(lua_State* state, helper_memory& memory);
void push_top_k(lua_State* state, helper_memory& memory);
void push_expiring_set(lua_State* state, helper_memory& memory);
void push_expiring_map(lua_State* state, helper_memory& memory);
void push_prefix_set(lua_State* state, helper_memory& memory);

} // namespace flowactors
