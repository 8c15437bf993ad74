#include "config/nearest.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace flowactors {

namespace {

// Longer words are no typing mistakes, and would cost time.
constexpr size_t longest_word = 64;

char folded(char letter) {
  if (letter >= 'A' && letter <= 'Z')
    return static_cast<char>(letter - 'A' + 'a');
  return letter == '-' ? '_' : letter;
}

} // namespace

size_t edit_distance(std::string_view left, std::string_view right) {
  // Three rows of the matrix: the one in work, and two before it for swaps.
  std::array<std::vector<size_t>, 3> rows;
  for (auto& row : rows)
    row.resize(right.size() + 1);
  for (size_t j = 0; j <= right.size(); ++j)
    rows[0][j] = j;
  for (size_t i = 1; i <= left.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= right.size(); ++j) {
      const char l = folded(left[i - 1]);
      const char r = folded(right[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (l == r ? 0u : 1u)});
      if (i > 1 && j > 1 && l == folded(right[j - 2]) && folded(left[i - 2]) == r)
        row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[left.size() % 3][right.size()];
}

std::string nearest(std::string_view word, std::span<const std::string> names) {
  std::string best;
  if (word.empty() || word.size() > longest_word)
    return best;
  size_t fewest = longest_word;
  for (const auto& name : names) {
    const size_t edits = edit_distance(word, name);
    const size_t bound = (std::max(word.size(), name.size()) + 2) / 3;
    if (edits <= bound && edits < fewest) {
      fewest = edits;
      best = name;
    }
  }
  return best;
}

} // namespace flowactors
