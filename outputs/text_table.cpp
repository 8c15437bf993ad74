#include "outputs/text_table.hpp"

#include <algorithm>

namespace flowactors {

std::string text_table::text(bool colour) const {
  std::vector<size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const auto& row : rows_) {
    std::string line = " ";
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - row[i].size(), ' ');
      line += " " + (i < texts_ ? row[i] + gap : gap + row[i]) + (i + 1 < row.size() ? " " : "");
    }
    line.erase(line.find_last_not_of(' ') + 1);
    const bool bold = colour && &row == &rows_.front();
    out += (bold ? "\x1b[1m" : "") + line + (bold ? "\x1b[0m" : "") + "\n";
  }
  return out;
}

} // namespace flowactors
