#pragma once

#include "capture/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace flowactors {

/// The scripts of a folder: names of its *.lua files in byte order, without subfolders, hidden
/// files and editors' copies.
result<std::vector<std::string>> list_scripts(const std::filesystem::path& folder);

/// The whole text of a file, at most 16 MiB.
result<std::string> read_script(const std::filesystem::path& file);

/// The name among `known` that `name` is most likely meant to be, or nothing when none is near.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& known);

} // namespace flowactors
