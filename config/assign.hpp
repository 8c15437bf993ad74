#pragma once

#include "config/ini.hpp"
#include "config/schema.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace flowactors {

/// Why a value does not fit its key.
struct value_fault {
  size_t line; ///< 0 in an override
  std::string found;
  std::string expected;
  std::string nearest; ///< empty if none is near
};

/// Writes the value to its place in the settings, paths made absolute from `folder`. All faults at
/// once; with any of them, the settings are as before.
/// `instance`: the NAME of the section, where there may be many.
std::vector<value_fault> assign(settings& out, const setting_key& key, const std::string& instance,
                                const ini_value& value, size_t line,
                                const std::filesystem::path& folder);

/// The path made absolute. `..` is only taken out where that leads to the same place (links are
/// followed, not guessed). Empty stays empty, and "-" stays where it stands for a stream.
std::string absolute_path(const std::string& path, const std::filesystem::path& folder, bool dash);

/// Makes all paths of the settings absolute.
void make_paths_absolute(settings& values, const std::filesystem::path& folder);

} // namespace flowactors
