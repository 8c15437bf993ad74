#pragma once

#include "capture/result.hpp"

#include <string>

namespace flowactors {

/// "can't VERB THING: REASON", with the code that fits the number (errno) and, where there is one,
/// the way out.
error system_error(const std::string& verb, const std::string& thing, int number);

} // namespace flowactors
