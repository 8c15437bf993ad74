#pragma once

#include "config/schema.hpp"

#include <string>
#include <string_view>

namespace flowactors {

/// How faults are worded. All of them name the place, what was found, what was expected, and the
/// nearest known name.

/// "[section] key: ".
std::string place(std::string_view section, std::string_view key);

/// "found ..., expected ..., nearest known name '...'"; the last part only if `near` is not empty.
std::string sentence(const std::string& found, const std::string& expected,
                     const std::string& near);

/// The whole fault, but for the line or option that it stands in.
std::string unknown_section(std::string_view section);
std::string unknown_key(std::string_view section, std::string_view key);
std::string key_without_section(std::string_view key);

bool is_section(std::string_view name);

/// The NAME of [section.NAME]; empty if there is only one such section.
std::string instance_of(std::string_view section);

/// nullptr if there is no such key.
const setting_key* find_key(std::string_view section, std::string_view name);

} // namespace flowactors
