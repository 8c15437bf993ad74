#pragma once

struct lua_State;

namespace flowactors {

/// Adds to the table on top of the stack a table `helper_calls`: the addresses of what
/// chunks/helpers.lua calls through FFI, by name. May raise.
void push_compiled_calls(lua_State* state);

} // namespace flowactors
