#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace flowactors {

/// Edits between two words: insert, delete, replace, swap neighbours (Damerau-Levenshtein distance
/// in its restricted form, where no piece is edited twice). Capital letters and dashes count as
/// small letters and underscores.
size_t edit_distance(std::string_view left, std::string_view right);

/// The name that was probably meant: the one with the fewest edits, if they are at most a third of
/// the longer word (rounded up); the first of equals. Empty if none is near.
std::string nearest(std::string_view word, std::span<const std::string> names);

} // namespace flowactors
