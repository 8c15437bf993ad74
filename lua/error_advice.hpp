#pragma once

#include <string>
#include <string_view>

namespace flowactors {

/// " (did you mean X?)" for a message about a global that is nil and has nearly the name of one
/// that scripts find; else nothing.
std::string advice_on(std::string_view message);

} // namespace flowactors
