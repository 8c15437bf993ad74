#pragma once

#include "bench/hostile_run.hpp"

#include <vector>

namespace flowactors::bench {

/// The *.lua files of a folder, in name order.
std::vector<std::filesystem::path> scripts_of(const std::filesystem::path& folder);

/// Runs each script of a folder and prints a line for it, then the targets. A script that may be
/// late says why in a line that begins with "-- Late: ". True if all targets are held.
bool show_hostile(const std::filesystem::path& folder, const treatment& under, size_t events);

} // namespace flowactors::bench
