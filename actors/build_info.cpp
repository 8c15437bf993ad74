#include "actors/build_info.hpp"

#include "capture/versions.hpp"
#include "lua/version.hpp"

#include <caf/config.hpp>

#include <CLI/Version.hpp>
#include <link.h>
#include <spdlog/version.h>

#include <cstdio>
#include <filesystem>
#include <string_view>

namespace flowactors {

namespace {

/// The version in the file name of a library that this process has loaded, which is all that some
/// libraries tell at run time.
std::string loaded_version(std::string_view library) {
  struct search {
    std::string_view name;
    std::string found;
  } wanted{library, "not loaded"};
  const auto look = [](dl_phdr_info* info, size_t, void* data) -> int {
    auto& search_for = *static_cast<search*>(data);
    std::error_code failure;
    const auto file = std::filesystem::canonical(info->dlpi_name, failure).filename().string();
    const std::string prefix = std::string(search_for.name) + ".so.";
    if (failure || !file.starts_with(prefix))
      return 0;
    search_for.found = file.substr(prefix.size());
    return 1;
  };
  dl_iterate_phdr(look, &wanted);
  return wanted.found;
}

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string row(const char* name, const std::string& built, const std::string& running) {
  char line[160];
  std::snprintf(line, sizeof line, "%-10s %-24s %s", name, built.c_str(), running.c_str());
  std::string out = line;
  out.erase(out.find_last_not_of(' ') + 1);
  return out + '\n';
}

#ifdef __clang__
constexpr const char* compiler = "clang++ " __clang_version__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

} // namespace

std::string version_line() {
  return "flowactors " FLOWACTORS_VERSION;
}

std::string build_info() {
  std::string out = version_line() + "\n\n";
  out += row("library", "at build", "at run time");
  out += row("CAF", dotted(CAF_MAJOR_VERSION, CAF_MINOR_VERSION, CAF_PATCH_VERSION),
             loaded_version("libcaf_core"));
  out += row("LuaJIT", luajit_built(), luajit_running());
  out += row("nDPI", ndpi_built(), ndpi_running());
  out += row("libpcap", pcap_built(), pcap_running());
  out += row("spdlog", dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH),
             loaded_version("libspdlog"));
  out += row("CLI11", CLI11_VERSION, "headers only");
  out += '\n';
  out += row("compiler", compiler, {});
  out += row("build type", FLOWACTORS_BUILD_TYPE, {});
  out += row("sanitizers", FLOWACTORS_SANITIZERS, {});
  return out;
}

} // namespace flowactors
