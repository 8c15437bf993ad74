#pragma once

#include "outputs/report.hpp"

#include <string>

namespace flowactors {

/// The report as a table for people, with a newline at the end. `colour`: for a terminal.
std::string summary(const report& from, bool colour);

} // namespace flowactors
