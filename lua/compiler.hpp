#pragma once

#include "lua/host_functions.hpp"

struct lua_State;

namespace flowactors {

/// Adds to the table on top of the stack what chunks/compile.lua and the libraries of scripts need:
/// `instrument(text, chunk)` gives text with the limits' checks in it, or nil and a message;
/// `bounded` holds the functions of `string` and `table` with bounds; `open_math()` makes the
/// library math anew. May raise.
void push_compiler(lua_State* state, host_state& host);

} // namespace flowactors
