#pragma once

#include "capture/event.hpp"

struct lua_State;

namespace flowactors {

/// Adds `names`, the lists of names behind the numbers in a record, to the table on top of the
/// stack. May raise.
void push_names(lua_State* state, const catalog* names);

} // namespace flowactors
