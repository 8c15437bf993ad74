#pragma once

#include <string_view>

namespace flowactors {

/// Whether these are whole lines, one JSON object each (RFC 8259) in UTF-8, no deeper than 128. For
/// records of other nodes; their size bounds what this takes.
bool are_record_lines(std::string_view lines) noexcept;

} // namespace flowactors
