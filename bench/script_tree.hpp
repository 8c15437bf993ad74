#pragma once

#include <filesystem>
#include <string>

namespace flowactors::bench {

/// A folder of inline scripts, there as long as this object. Ends the process if it can't be made.
class script_tree {
public:
  script_tree();
  ~script_tree();
  script_tree(const script_tree&) = delete;

  void add(const std::string& name, const std::string& text) const;

  const std::filesystem::path& root() const { return top_; }

private:
  std::filesystem::path top_;
};

/// The text of a file; ends the process if it can't be read.
std::string text_of_file(const std::filesystem::path& file);

} // namespace flowactors::bench
