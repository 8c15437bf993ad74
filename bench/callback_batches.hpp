#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace flowactors::bench {

/// Prints what a call costs one by one and in batches of 64 and 256, with 1, 3 and 10 scripts,
/// beside its target and the way of 2017: of the callbacks whose name begins with `only`. True if
/// all targets are held.
bool show_callbacks(size_t repetitions, std::string_view only);

/// The same for the scripts of a folder, all together.
bool show_realistic(const std::filesystem::path& folder, size_t repetitions);

} // namespace flowactors::bench
