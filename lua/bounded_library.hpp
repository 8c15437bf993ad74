#pragma once

#include <cstddef>
#include <cstdint>

struct lua_State;

namespace flowactors {

/// What a call of the functions of `string` and `table` may cost. Beyond it they raise the error of
/// a limit (lua/limit_error.hpp), of kind `pattern`, `string` or `sort`; long before that, every
/// `pause` units of work, they look at the deadline.
struct bounded_budget {
  uint64_t pattern_steps = 200'000;    ///< of one search, plus eight for each byte searched
  size_t max_string = size_t{1} << 20; ///< bytes of a text that a function makes
  size_t max_pattern = 65'536;         ///< bytes of a pattern
  size_t max_wanted = 262'144;         ///< bytes of a plain text that is searched for
  size_t max_sort = 100'000;           ///< elements
  int64_t pause = 20'000;              ///< units of about 5 ns between two looks at the clock
  int64_t left = 20'000;               ///< until the next look, over all calls
};

/// Counts work that is done or about to be; raises the error of the deadline or the memory if it is
/// due. The caller must hold nothing that has a destructor.
void spend(lua_State* state, bounded_budget& budget, size_t units);

/// Pushes {base =, string =, table =, os =, debug =}: functions that take the place of Lua's own
/// of those names, with equal results and messages but in bounded time and memory. What is not in
/// there is bounded already. `budget` must outlive the state; the libraries `string` and `table`
/// must be open. May raise.
void push_bounded_library(lua_State* state, bounded_budget& budget);

} // namespace flowactors
