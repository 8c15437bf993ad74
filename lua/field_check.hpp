#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flowactors {

/// Fields and methods of `flow` that a script's text asks for and that don't exist, as "file:line:
/// flow has no field 'x' (did you mean y?)". A flow is what the global of that name is, and the
/// first parameter of a callback, however it is called; nothing is said where the text gives the
/// name another meaning.
std::vector<std::string> unknown_fields(std::string_view file, std::string_view text);

} // namespace flowactors
