#include "actors/command_line.hpp"

#include "actors/build_info.hpp"
#include "config/nearest.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

namespace flowactors {

namespace {

constexpr size_t largest_filter = 1 << 20;

constexpr const char* about =
  "Watches network traffic: tracks flows, tells their protocols, and runs Lua scripts on them.";

constexpr const char* closing =
  "Without -c the defaults hold. -r and -i take the place of both read and interface of the file;\n"
  "options win over --set, and --set wins over the file. A word of the filter that begins with a\n"
  "dash stands after --.\n"
  "\n"
  "Exit codes:\n"
  "  0  all went well\n"
  "  1  a failure at run time\n"
  "  2  the command line or the configuration (with -T also a script) is wrong\n"
  "  3  the books do not balance, and --strict-ledger was given\n"
  "\n"
  "Signals:\n"
  "  HUP        reloads settings and scripts, and opens logs and outputs anew; what does not\n"
  "             load leaves the old code running\n"
  "  INT, TERM  stop reading, end every flow, print the report, exit 0; a second one waits for\n"
  "             no context any more\n"
  "  USR1       prints the account so far\n"
  "\n"
  "flowactors ctl --help: asks and tells a running program.\n"
  "flowactors new --help: a skeleton of a script.\n"
  "flowactors test --help: tests of scripts against captures.\n"
  "\n"
  "Examples:\n"
  "  flowactors -r capture.pcap tcp port 443\n"
  "  flowactors -c flowactors.ini -i eth0 --report report.json\n"
  "  flowactors -c flowactors.ini -T";

/// What the options were given, before it becomes overrides.
struct raw_line {
  std::string config;
  std::vector<std::string> reads;
  std::vector<std::string> interfaces;
  std::vector<std::string> filter_words;
  std::string filter_file;
  std::vector<std::string> sets;
  std::string report;
  int more = 0; ///< times -v
  int less = 0; ///< times -q
  bool test = false;
  bool dump = false;
  bool user_scripts = false;
  bool strict = false;
  bool version = false;
  bool build = false;
};

command_line_outcome wrong(const std::string& what) {
  command_line_outcome out;
  out.stop = true;
  out.exit_code = exit_codes::usage;
  out.err = "flowactors: " + what + "\nflowactors --help shows all options.\n";
  return out;
}

command_line_outcome told(std::string text) {
  command_line_outcome out;
  out.stop = true;
  out.out = std::move(text);
  return out;
}

void describe(CLI::App& app, raw_line& line) {
  app.set_help_flag("-h,--help", "Print this and exit.");
  app.add_option("-c", line.config, "Configuration file (config/flowactors.ini names every key).")
    ->type_name("FILE");
  // One value for each -r and -i, so that the words of the filter can follow.
  const auto several = [&app](const char* name, auto& place, const char* type, const char* text) {
    app.add_option(name, place, text)
      ->type_name(type)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  };
  several("-r", line.reads, "FILE|DIR|-",
          "Read a capture file, a folder of them, or standard input. Repeatable.");
  several("-i", line.interfaces, "IFACE", "Listen on a network interface. Repeatable.");
  app.add_option("FILTER", line.filter_words, "BPF filter as for tcpdump: which packets are seen.")
    ->type_name("WORD");
  app.add_option("-F", line.filter_file, "Read the filter from a file.")->type_name("FILE");
  app.add_flag("-T", line.test,
               "Check configuration and scripts, say all that is wrong, exit 0 or 2.");
  app.add_flag("--enable-user-scripts", line.user_scripts,
               "Run the scripts, whatever the configuration says.");
  several("--set", line.sets, "SECTION.KEY=VALUE", "Change one setting. Repeatable.");
  app.add_flag("--dump-config", line.dump, "Print the settings as a configuration file and exit.");
  app.add_option("--report", line.report, "Write the closing report (JSON) to a file or -.")
    ->type_name("FILE|-");
  app.add_flag("--strict-ledger", line.strict, "Exit with 3 if the books do not balance.");
  auto* more = app.add_flag("-v", line.more, "Log more: debug; twice: trace.");
  auto* less =
    app.add_flag("-q", line.less, "Log warnings only and no summary; twice: errors only.");
  more->excludes(less);
  app.add_flag("-V,--version", line.version, "Print the version and exit.");
  app.add_flag("--build-info", line.build, "Print versions at build and at run time and exit.");
}

/// What CLI11 complains of, with the option that was probably meant.
std::string complaint(const CLI::App& app, const CLI::ParseError& failure) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames())
      names.push_back("--" + name);
  const auto extras = app.remaining();
  const auto unknown =
    std::ranges::find_if(extras, [](const auto& word) { return word.starts_with("--"); });
  const auto near =
    unknown == extras.end() ? "" : nearest(unknown->substr(0, unknown->find('=')), names);
  return failure.what() + (near.empty() ? "" : ", nearest known name '" + near + "'");
}

/// The text of a filter file on one line, without its comments (# to the end of the line).
result<std::string> read_filter(const std::string& path) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure))
    return error{ec::wrong_kind,
                 "-F: found the folder '" + path + "', expected a file with a BPF filter"};
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                       &std::fclose);
  if (!file)
    return error{ec::not_found, "-F: found that '" + path + "' can't be opened ("
                                  + std::strerror(errno) + "), expected a file with a BPF filter"};
  std::string text(largest_filter + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (text.size() > largest_filter || text.find('\0') != text.npos)
    return error{ec::bad_format, "-F: found more than 1MiB or a zero byte in '" + path
                                   + "', expected a BPF filter"};
  std::string out;
  bool comment = false;
  for (const char c : text) {
    comment = c != '\n' && (comment || c == '#');
    const bool space = comment || c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!space)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (!out.empty() && out.back() == ' ')
    out.pop_back();
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : " ") + word;
  return out;
}

/// The overrides, weakest first. An error is about -F or the form of --set.
result<std::vector<setting_override>> overrides_of(const raw_line& line) {
  std::vector<setting_override> out;
  if (!line.reads.empty() || !line.interfaces.empty()) {
    const char* origin = line.reads.empty() ? "-i" : "-r";
    out.push_back({"capture.read", "", origin});
    out.push_back({"capture.interface", "", origin});
  }
  for (const auto& text : line.sets) {
    const size_t equals = text.find('=');
    const size_t dot = text.find('.');
    if (equals == text.npos || dot > equals)
      return error{ec::bad_setting, "--set: found '" + text + "', expected section.key=value"};
    out.push_back({text.substr(0, equals), text.substr(equals + 1), "--set"});
  }
  if (!line.reads.empty())
    out.push_back({"capture.read", quote_settings(line.reads), "-r"});
  if (!line.interfaces.empty())
    out.push_back({"capture.interface", quote_settings(line.interfaces), "-i"});
  if (!line.filter_words.empty())
    out.push_back({"capture.filter", quote_setting(joined(line.filter_words)), "filter"});
  if (!line.filter_file.empty()) {
    auto filter = read_filter(line.filter_file);
    if (!filter)
      return filter.failure();
    out.push_back({"capture.filter", quote_setting(filter.value()), "-F"});
  }
  if (line.user_scripts)
    out.push_back({"scripts.enabled", "true", "--enable-user-scripts"});
  if (!line.report.empty())
    out.push_back({"report.file", quote_setting(line.report), "--report"});
  if (line.strict)
    out.push_back({"report.strict_ledger", "true", "--strict-ledger"});
  if (line.more > 0)
    out.push_back({"log.level", line.more == 1 ? "debug" : "trace", "-v"});
  if (line.less > 0) {
    out.push_back({"log.level", line.less == 1 ? "warning" : "error", "-q"});
    out.push_back({"report.summary", "false", "-q"});
  }
  return out;
}

/// The first option that was given an empty text, where that can't be meant.
const char* empty_option(const CLI::App& app, const raw_line& line) {
  const auto empty = [&app](const char* name, const std::string& value) {
    return app.count(name) > 0 && value.empty();
  };
  return empty("-c", line.config)         ? "-c"
         : empty("-F", line.filter_file)  ? "-F"
         : empty("--report", line.report) ? "--report"
                                          : nullptr;
}

} // namespace

command_line_outcome parse_command_line(int argc, const char* const* argv) {
  raw_line line;
  CLI::App app(about, "flowactors");
  describe(app, line);
  app.footer(closing);
  // CLI11 speaks in exceptions; they end here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return told(app.help());
  } catch (const CLI::ParseError& failure) {
    return wrong(complaint(app, failure));
  }
  if (line.version)
    return told(version_line() + "\n");
  if (line.build)
    return told(build_info());
  if (const char* name = empty_option(app, line))
    return wrong(std::string(name) + ": found nothing, expected the name of a file");
  if (!line.filter_words.empty() && !line.filter_file.empty())
    return wrong("found a filter both in words and with -F, expected one of them");
  auto overrides = overrides_of(line);
  if (!overrides)
    return wrong(overrides.failure().what);
  command_line_outcome out;
  out.line.config = line.config;
  out.line.overrides = std::move(overrides).value();
  std::error_code failure;
  const auto scripts = shipped_scripts(std::filesystem::read_symlink("/proc/self/exe", failure));
  if (!scripts.empty())
    out.line.defaults.scripts.root = scripts.string();
  out.line.test_only = line.test;
  out.line.dump_config = line.dump;
  return out;
}

std::filesystem::path shipped_scripts(const std::filesystem::path& executable) {
  constexpr int levels = 4;
  auto folder = executable.parent_path();
  for (int level = 0; level < levels && folder.has_relative_path(); ++level) {
    for (const char* place : {"share/flowactors/scripts", "scripts"}) {
      std::error_code failure;
      if (std::filesystem::is_directory(folder / place / "callbacks", failure))
        return folder / place;
    }
    folder = folder.parent_path();
  }
  return {};
}

} // namespace flowactors
