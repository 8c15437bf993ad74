#pragma once

#include "capture/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace flowactors {

/// A piece of a value between commas.
struct ini_item {
  std::string text; ///< without blanks around it, or what stood in quotes
  size_t line;      ///< counts from 1
};

/// What stands right of an equals sign. Whether it is one value or a list is for the reader of it
/// to know.
struct ini_value {
  std::string text;            ///< as one value: all of it, or what stood in quotes
  std::vector<ini_item> items; ///< as a list; none if there is no value
  bool continued = false;      ///< went on in the next line
  bool bad = false;            ///< breaks the rules of the format; a fault says how
};

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

/// Reads the value of an override: as above, but nothing begins a comment.
result<ini_value> read_ini_value(std::string_view text);

/// The text in quotes, escaped so that `read_ini` gives it back.
std::string quote_ini(std::string_view text);

/// The text for a message: in single quotes, control characters escaped, cut at 80 characters;
/// "nothing" if it is empty.
std::string show(std::string_view text);

} // namespace flowactors
