#pragma once

#include "capture/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace flowactors {

/// A JSON text in a row: each array or object comes before what it contains.
struct json_tape {
  enum class kind : uint8_t { null, boolean, number, text, array, object };

  struct item {
    kind type;
    uint32_t size = 0; ///< bytes of a text; values of an array; names and values of an object
    union {
      double number; ///< 0 or 1 for a boolean
      size_t offset; ///< of a text in `texts`
    };
  };

  std::vector<item> items;
  std::string texts;
};

/// What reading may take.
struct json_bounds {
  int max_depth;                        ///< of arrays and objects
  size_t max_values;                    ///< all together
  const std::function<bool()>& goes_on; ///< asked every thousand values; false ends it
};

/// Reads a text. The error says where and what; if `goes_on` ended it, its code is
/// `ec::out_of_resources`.
result<void> read_json(std::string_view text, const json_bounds& bounds, json_tape& out);

/// Appends a text in quotes, with what needs it escaped. Bytes that are no UTF-8 become U+FFFD.
void write_json_text(std::string_view text, std::string& out);

/// Appends a number: integers as such, others in the shortest form that reads back to the same;
/// null if it is not finite.
void write_json_number(double value, std::string& out);

} // namespace flowactors
