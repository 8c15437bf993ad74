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
    out.push_back(std::string(section.name) + (section.instances != nullptr ? ".NAME" : ""));
  return out;
}

constexpr size_t longest_name = 32;

/// "output" of "output.flows": the section as the table has it, or nullptr.
const setting_section* family_of(std::string_view section) {
  const auto sections = setting_sections();
  const auto family = std::ranges::find_if(sections, [section](const auto& known) {
    const std::string_view name = known.name;
    return known.instances == nullptr ? section == name
                                      : section.substr(0, section.find('.')) == name;
  });
  return family == sections.end() ? nullptr : &*family;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
           || c == '-';
  });
}

std::vector<std::string> key_names(std::string_view section) {
  std::vector<std::string> out;
  const auto* family = family_of(section);
  for (const auto& key : setting_keys())
    if (family != nullptr && std::string_view(key.section) == family->name)
      out.emplace_back(key.name);
  return out;
}

/// The section that has the key, or an empty string.
std::string home_of(std::string_view key) {
  const auto keys = setting_keys();
  const auto home =
    std::ranges::find_if(keys, [key](const auto& known) { return known.name == key; });
  if (home == keys.end())
    return {};
  const auto* family = family_of(home->section);
  return std::string(home->section) + (family->instances != nullptr ? ".NAME" : "");
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
  const auto* family = family_of(section);
  const auto key = std::ranges::find_if(keys, [&](const auto& k) {
    return family != nullptr && std::string_view(k.section) == family->name && k.name == name;
  });
  return key == keys.end() ? nullptr : &*key;
}

std::string unknown_section(std::string_view section) {
  const auto names = section_names();
  if (const auto* family = family_of(section); family != nullptr)
    return "[" + std::string(section) + "]: "
           + sentence("a section without a proper name",
                      "[" + std::string(family->name) + ".NAME], NAME of at most "
                        + std::to_string(longest_name) + " letters, digits, - and _",
                      {});
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
  const auto* family = family_of(name);
  return family != nullptr && (family->instances == nullptr || is_name(instance_of(name)));
}

std::string instance_of(std::string_view section) {
  const size_t dot = section.find('.');
  return std::string(dot == section.npos ? std::string_view() : section.substr(dot + 1));
}

} // namespace flowactors
