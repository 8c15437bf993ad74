#pragma once

#include "config/settings.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace flowactors {

/// What a value is, and so how it is written and checked.
enum class value_kind : uint8_t {
  boolean,
  integer,
  size,     ///< bytes, written with a unit
  duration, ///< written with a unit
  choice,   ///< one of `choices`
  text,
  input_file,  ///< must exist; empty = none
  output_file, ///< its folder must exist; empty = none, "-" = standard output where `dash`
  folder,      ///< must exist if it is used
  names,       ///< list of words
  inputs,      ///< list of files, folders or "-"
  choices,     ///< list of `choices`
  networks,    ///< list of CIDR prefixes
};

/// What a reload (SIGHUP) does to a changed key.
enum class reload_effect : uint8_t {
  applies, ///< takes effect
  rereads, ///< what it names is read again; another name waits for the next start
  waits,   ///< takes effect at the next start
};

struct value_rule {
  value_kind kind;
  uint64_t least = 0; ///< integers, bytes, nanoseconds
  uint64_t most = 0;
  uint64_t step = 1;          ///< values are multiples of it
  const char* zero = nullptr; ///< what 0 means, if it is allowed below `least`
  const char* unit = "";      ///< of an integer
  const char* choices = "";   ///< separated by blanks
  bool dash = false;          ///< "-" stands for a standard stream
};

/// Where a value lives in the settings.
using setting_member =
  std::variant<bool*, uint8_t*, uint16_t*, uint32_t*, uint64_t*, std::chrono::nanoseconds*,
               std::string*, std::vector<std::string>*>;

/// All that is known about a key: reading, checking, printing and documenting it come from here.
struct setting_key {
  const char* section;
  const char* name;
  setting_member (*place)(settings&, const std::string& instance);
  value_rule rule;
  reload_effect reload;
  const char* meaning; ///< sentences

  /// `instance`: the NAME of a section that there may be many of; it is made if it is not there.
  setting_member member(settings& of, const std::string& instance = {}) const {
    return place(of, instance);
  }
};

struct setting_section {
  const char* name;
  const char* meaning;
  /// The names under which there are such sections, [section.NAME]; null = there is one, [section].
  std::vector<std::string> (*instances)(const settings&) = nullptr;
};

/// The keys in the order of the file, section by section.
std::span<const setting_key> setting_keys();

std::span<const setting_section> setting_sections();

/// The names of the sections that have this key; one empty name if there is one section only.
std::vector<std::string> instances_of(const setting_key& key, const settings& values);

/// The rule in words, as a fault says what it expected ("a size from 1MiB to 4GiB").
std::string expectation(const value_rule& rule);

/// The names that a choice may have.
std::vector<std::string> choice_names(const value_rule& rule);

/// True if the value is a list.
bool is_list(value_kind kind);

} // namespace flowactors
