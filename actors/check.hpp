#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace flowactors {

/// Everything that would keep a run with these (valid) settings from doing all it is meant to: the
/// filter, nDPI's protocols, every script and every name of a callback. Opens no input. Each a
/// sentence.
std::vector<std::string> check_run(const settings& values);

} // namespace flowactors
