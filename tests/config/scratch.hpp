#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace flowactors {

/// A folder that is gone with the test.
struct scratch {
  scratch() {
    char name[] = "/tmp/flowactors-config-XXXXXX";
    path = mkdtemp(name);
    std::filesystem::permissions(path, std::filesystem::perms(0755));
  }
  ~scratch() { std::filesystem::remove_all(path); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }

  std::string folder(const std::string& name) const {
    std::filesystem::create_directories(path / name);
    return (path / name).string();
  }

  std::filesystem::path path;
};

} // namespace flowactors
