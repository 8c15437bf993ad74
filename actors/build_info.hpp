#pragma once

#include <string>

namespace flowactors {

/// "flowactors 0.1.0", without newline.
std::string version_line();

/// What this program was built with and what it runs with: a line each for the libraries (version
/// at build, version now), the compiler, the build type and the sanitizers. Ends with a newline.
std::string build_info();

} // namespace flowactors
