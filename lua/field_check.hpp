#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flowactors {

/// Fields of `flow` that a script's text reads and that don't exist, as "file:line: flow has no
/// field 'x' (did you mean y?)". Calls are left out: the global of 2017 takes any. Empty if the
/// text gives the name `flow` another meaning.
std::vector<std::string> unknown_fields(std::string_view file, std::string_view text);

} // namespace flowactors
