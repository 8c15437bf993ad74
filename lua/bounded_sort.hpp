#pragma once

#include "lua/bounded_library.hpp"

namespace flowactors {

/// Adds to the table on top of the stack `sort`: Lua's own `table.sort` in results, also in the
/// order of equal elements, and in messages, but with at most `budget.max_sort` elements, and
/// looking at the deadline as it compares. May raise.
void push_bounded_sort(lua_State* state, bounded_budget& budget);

} // namespace flowactors
