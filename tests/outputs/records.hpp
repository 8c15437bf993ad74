#pragma once

#include "outputs/record_batch.hpp"

#include <nlohmann/json.hpp>
#include <stdlib.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

/// A folder of the test's own.
struct scratch_folder {
  scratch_folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "flowactors-outputs-XXXXXX";
    folder = mkdtemp(pattern.data());
  }
  ~scratch_folder() { std::filesystem::remove_all(folder); }

  std::string path(const std::string& name) const { return (folder / name).string(); }

  static std::string text(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }

  std::filesystem::path folder;
};

/// A batch of records that scripts emitted, each {"n": its number}.
inline flowactors::record_batch numbered(size_t first, size_t last) {
  flowactors::record_batch out;
  for (size_t n = first; n < last; ++n) {
    const auto body = "{\"n\":" + std::to_string(n) + "}";
    out.add(flowactors::script_record{"inline", "a.lua", body, 1'700'000'000'000'000'000, 0, 0});
  }
  return out;
}

/// The numbers of such records in lines of JSON. A line that is not whole ends the test.
inline std::vector<size_t> numbers_in(const std::string& lines) {
  std::vector<size_t> out;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);)
    out.push_back(nlohmann::json::parse(line).at("n"));
  return out;
}
