#pragma once

#include <cstddef>

struct lua_State;

namespace flowactors {

struct bounded_budget;

struct json_limits {
  size_t max_bytes = 1u << 20;      ///< of a text that is read or written
  int max_depth = 64;               ///< of tables in tables
  size_t max_keys = 65'536;         ///< of the objects that lie within each other, when writing
  size_t max_values = 131'072;      ///< of a text that is read
  bounded_budget* budget = nullptr; ///< where the work counts; null = nowhere
};

/// Pushes a table {encode, decode} for scripts. May raise.
///
/// encode(value) gives a text on one line; keys are sorted, so that equal tables give equal texts.
/// A table with the keys 1 to n is an array, an empty one too; any other is an object. Bytes that
/// are no UTF-8 become U+FFFD, numbers that are not finite become null. What JSON has no form for
/// is an error. With a budget, both end when the deadline is over.
///
/// decode(text) gives the value; or nil and a message. null is nil.
void push_json(lua_State* state, const json_limits& limits = {});

} // namespace flowactors
