#pragma once

#include "config/settings.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace flowactors {

/// What the process tells its parent, as --help and the README list it.
namespace exit_codes {
inline constexpr int ok = 0;
inline constexpr int failed = 1; ///< a failure at run time
inline constexpr int usage =
  2; ///< the command line, the configuration or (with -T) a script is wrong
inline constexpr int unbalanced = 3; ///< --strict-ledger, and the ledger does not balance
} // namespace exit_codes

/// What the command line asks for. All that concerns the settings is in `overrides`, ready for
/// load_settings: `load_settings(line.config, line.overrides, line.defaults)`.
struct command_line {
  std::filesystem::path config; ///< -c; empty = the defaults alone
  std::vector<setting_override>
    overrides;              ///< the origin is the option's name; they hold from first to last
  settings defaults;        ///< settings{}, with the scripts that came with this program
  bool test_only = false;   ///< -T: check configuration and scripts, then stop
  bool dump_config = false; ///< --dump-config: print the settings, then stop
};

/// Either the line, or (`stop`) what to print and the code to exit with.
struct command_line_outcome {
  command_line line;
  bool stop = false;
  int exit_code = exit_codes::ok;
  std::string out; ///< for standard output (help, version, build information)
  std::string err; ///< for standard error (what is wrong, and a hint)
};

/// Reads the command line. Prints nothing, ends nothing, touches no file but that of -F.
command_line_outcome parse_command_line(int argc, const char* const* argv);

/// The scripts folder that belongs to an executable: `share/flowactors/scripts` (installed) or
/// `scripts` (built) in its folder or one of the three above it; empty if there is none.
std::filesystem::path shipped_scripts(const std::filesystem::path& executable);

} // namespace flowactors
