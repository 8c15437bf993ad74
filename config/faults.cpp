#include "config/faults.hpp"

#include "config/nearest.hpp"

#include <algorithm>
#include <vector>

namespace flowactors {

namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names)
    out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::vector<std::string> section_names() {
  std::vector<std::string> out;
  for (const auto& section : setting_sections())
    out.emplace_back(section.name);
  return out;
}

std::vector<std::string> key_names(std::string_view section) {
  std::vector<std::string> out;
  for (const auto& key : setting_keys())
    if (key.section == section)
      out.emplace_back(key.name);
  return out;
}

/// The section that has the key, or an empty string.
std::string home_of(std::string_view key) {
  const auto keys = setting_keys();
  const auto home =
    std::ranges::find_if(keys, [key](const auto& known) { return known.name == key; });
  return home == keys.end() ? "" : home->section;
}

/// Where a key that stands in the wrong place belongs, as the end of a sentence.
std::string elsewhere(std::string_view key) {
  const auto home = home_of(key);
  return home.empty() ? "" : ", nearest known name '" + std::string(key) + "' in [" + home + "]";
}

} // namespace

std::string place(std::string_view section, std::string_view key) {
  return "[" + std::string(section) + "] " + std::string(key) + ": ";
}

std::string sentence(const std::string& found, const std::string& expected,
                     const std::string& near) {
  return "found " + found + ", expected " + expected
         + (near.empty() ? "" : ", nearest known name '" + near + "'");
}

const setting_key* find_key(std::string_view section, std::string_view name) {
  const auto keys = setting_keys();
  const auto key = std::ranges::find_if(
    keys, [&](const auto& k) { return k.section == section && k.name == name; });
  return key == keys.end() ? nullptr : &*key;
}

std::string unknown_section(std::string_view section) {
  const auto names = section_names();
  return "[" + std::string(section) + "]: "
         + sentence("an unknown section", "one of " + joined(names), nearest(section, names));
}

std::string unknown_key(std::string_view section, std::string_view key) {
  const auto names = key_names(section);
  const auto near = nearest(key, names);
  return place(section, key) + sentence("an unknown key", "one of " + joined(names), near)
         + (near.empty() ? elsewhere(key) : "");
}

std::string key_without_section(std::string_view key) {
  return std::string(key) + ": found a key before any section, expected a [section] first"
         + elsewhere(key);
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(setting_sections(),
                             [name](const auto& section) { return section.name == name; });
}

} // namespace flowactors
