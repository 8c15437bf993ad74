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

/// Reads what one line has of a value and appends it to `out`. `comments` = `#` and `;` begin
/// comments. True if it ends with a comma, so that the value goes on. An error says "found ...,
/// expected ..."; `out` is marked as bad, then.
result<bool> scan_ini_value(std::string_view text, bool comments, size_t line, ini_value& out);

/// True for characters that no text file has (and newline; not tab).
bool is_control(char c);

/// The text without blanks and tabs around it.
std::string_view trim(std::string_view text);

/// Reads the value of an override: as above, but nothing begins a comment.
result<ini_value> read_ini_value(std::string_view text);

/// The text in quotes, escaped so that `read_ini` gives it back.
std::string quote_ini(std::string_view text);

/// The text for a message: in single quotes, control characters escaped, cut at 80 characters;
/// "nothing" if it is empty.
std::string show(std::string_view text);

} // namespace flowactors
