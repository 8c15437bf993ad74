#pragma once

#include "capture/event.hpp"
#include "lua/compat_names.hpp"

#include <optional>

struct lua_State;

namespace flowactors {

/// Adds `names`, the lists of names behind the numbers in a record, to the table on top of the
/// stack, and with the names of 2017 `names_2017` (protocols, protocol_breeds, protocol_categories,
/// categories, all_categories). May raise.
void push_names(lua_State* state, const catalog* names, const std::optional<names_of_2017>& old);

} // namespace flowactors
