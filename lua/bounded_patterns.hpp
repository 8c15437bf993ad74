#pragma once

#include "lua/bounded_library.hpp"

namespace flowactors {

/// Adds to the table on top of the stack `find`, `match`, `gmatch` and `gsub`, as C functions:
/// Lua's own in results and messages, but each search ends (pattern_search.hpp), and what `gsub`
/// makes has at most `budget.max_string` bytes. May raise.
void push_bounded_patterns(lua_State* state, bounded_budget& budget);

} // namespace flowactors
