#pragma once

#include "actors/messages.hpp"

#include <string>

namespace flowactors {

/// "62 %  1,234,567 packets  812,000 packets/s  3 s left"; without share and time left where the
/// size is not known.
std::string progress_line(const capture_progress& now, double elapsed_s);

} // namespace flowactors
