#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace flowactors {

/// Rows of cells in columns as wide as their widest cell: the first `texts` to the left, the others
/// to the right.
class text_table {
public:
  text_table(std::vector<std::string> head, size_t texts) : rows_{std::move(head)}, texts_(texts) {}

  /// As many cells as the head has.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  bool empty() const noexcept { return rows_.size() == 1; }

  /// A line for each row, the head in bold where there are colours.
  std::string text(bool colour) const;

private:
  std::vector<std::vector<std::string>> rows_;
  size_t texts_;
};

} // namespace flowactors
