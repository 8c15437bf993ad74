#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace flowactors {

/// A value that contradicts another, or names a thing that is not there.
struct contradiction {
  std::string section; ///< "flows", "output.NAME"
  const char* key;
  std::string found;
  std::string expected;
  std::vector<std::string> involved; ///< other keys that it rests on, "section.key"
};

/// Looks at complete settings as a whole, and at the file system.
std::vector<contradiction> check_settings(const settings& values);

} // namespace flowactors
