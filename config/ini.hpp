#pragma once

#include "config/ini_value.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace flowactors {

struct ini_entry {
  std::string section;
  std::string key;
  ini_value value;
  size_t line;
};

struct ini_section {
  std::string name;
  size_t line;
};

/// Where the text breaks the rules of the format.
struct ini_fault {
  size_t line;
  std::string what; ///< "[section] key: found ..., expected ..."
};

struct ini_document {
  std::vector<ini_section> sections; ///< each name once
  std::vector<ini_entry> entries;    ///< each key of a section once
  std::vector<ini_fault> faults;     ///< in line order
  bool text = true; ///< false: not a text file at all, so nothing else was looked at
};

/// Reads `[section]`, `key = value` and comments. All that breaks a rule is a fault, and reading
/// goes on after it:
/// - `#` or `;` begins a comment at the start of a line or of a value, or after a blank, but not in
/// quotes.
/// - A value or an item of a list may stand in double quotes, in which \\ \" \n \t \r \xHH mean
/// what they mean in C.
/// - Items are separated by commas. A value that ends with a comma goes on in the next line.
/// - A section or a key of a section stands once. CRLF and a byte order mark are accepted, other
/// control characters are not.
ini_document read_ini(std::string_view text);

} // namespace flowactors
