#include "actors/script_test.hpp"

#include "actors/command_line.hpp"
#include "actors/options.hpp"
#include "outputs/report.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace flowactors {

namespace {

namespace fs = std::filesystem;

constexpr const char* about =
  "Runs scripts over captures and compares what they say with what was expected.";

constexpr const char* closing =
  "What NAME.lua has to say on CAPTURE.pcap stands in tests/NAME.CAPTURE.expected, in the folder of\n"
  "the script; an empty file means that it says nothing. A new test is made by\n"
  "  flowactors test --on CAPTURE.pcap --update scripts/library/NAME.lua\n"
  "\n"
  "Exit codes: 0 all as expected, 1 a difference or a script without a test, 2 a wrong command line.";

constexpr std::string_view suffix = ".expected";

struct test_order {
  std::string config;
  std::vector<std::string> scripts;  ///< files, or folders of them
  std::vector<std::string> captures; ///< folders
  std::vector<std::string> on;
  std::vector<std::string> sets;
  bool update = false;
};

/// A script, a capture, and the file with what is expected.
struct script_case {
  fs::path script;
  fs::path capture;
  fs::path expected;
};

/// All that a script says, in order, as text.
class transcript : public script_output {
public:
  void write(std::string_view bytes) noexcept override { text_ += bytes; }

  void log(level severity, std::string_view, std::string_view text) noexcept override {
    static constexpr std::array<std::string_view, 4> names{"debug", "info", "warning", "error"};
    line(names[static_cast<size_t>(severity)], text);
  }

  void fault(std::string_view, std::string_view callback, std::string_view text,
             uint64_t) noexcept override {
    line("fault in " + std::string{callback}, text.substr(0, text.find('\n')));
  }

  void line(std::string_view what, std::string_view text) {
    text_.append("[").append(what).append("] ").append(text).append("\n");
  }

  const std::string& text() const noexcept { return text_; }

private:
  std::string text_;
};

int complain(const std::string& what) {
  std::fprintf(stderr, "flowactors test: %s\nflowactors test --help shows all options.\n",
               what.c_str());
  return 2;
}

/// What the script says on the capture.
result<std::string> run(const script_case& test, const settings& values) {
  auto flows = tracker::make(tracker_options_of(values));
  if (!flows)
    return flows.failure();
  auto input = open_path(test.capture.string(), values.capture.filter);
  if (!input)
    return input.failure();
  transcript said;
  auto options = script_options_of(values);
  options.files = {test.script};
  options.names = &(*flows)->names();
  options.text_arena = (*flows)->text_arena();
  options.output = &said;
  options.limits.deadline = std::chrono::seconds(1); // a busy machine is no difference
  auto vm = script_vm::make(options);
  if (!vm)
    return vm.failure();
  for (const auto& fault : (*vm)->load_faults())
    said.line("not loaded", fault.what.substr(fault.what.rfind('/') + 1));
  for (const auto& unknown : (*vm)->unknown_callbacks())
    said.line("unknown callback", unknown);
  (*vm)->begin();
  std::array<frame, 64> frames;
  while (!(*input)->at_end()) {
    auto count = (*input)->read(frames);
    if (!count)
      return count.failure();
    (*flows)->process(std::span(frames).first(*count), **vm);
    (*vm)->flush((*flows)->now_ns());
  }
  (*flows)->finish(end_reason::end_of_input, **vm);
  (*vm)->end();
  return said.text();
}

std::string read_all(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    out.push_back(line);
  return out;
}

/// The lines between the common beginning and the common end, a few of them.
void print_difference(const std::string& expected, const std::string& found) {
  constexpr size_t most = 8;
  auto a = lines_of(expected);
  auto b = lines_of(found);
  const auto [from_a, from_b] = std::ranges::mismatch(a, b);
  auto first = static_cast<size_t>(from_a - a.begin());
  while (a.size() > first && b.size() > first && a.back() == b.back()) {
    a.pop_back();
    b.pop_back();
  }
  std::printf("     from line %zu on:\n", first + 1);
  const auto print = [first](char mark, const std::vector<std::string>& lines) {
    for (size_t i = first; i < std::min(lines.size(), first + most); ++i)
      std::printf("     %c %s\n", mark, lines[i].c_str());
    if (lines.size() > first + most)
      std::printf("     %c ... %zu more\n", mark, lines.size() - first - most);
  };
  print('-', a);
  print('+', b);
}

/// The capture of that name (with or without its ending) in a folder.
std::optional<fs::path> find_capture_in(const fs::path& folder, const std::string& name) {
  for (const char* ending : {"", ".pcap", ".pcapng"})
    if (fs::path path = folder / (name + ending); fs::is_regular_file(path))
      return path;
  return std::nullopt;
}

/// The capture of that name: itself a path, or in one of the folders, or in a folder of theirs.
std::optional<fs::path> find_capture(const std::string& name,
                                     const std::vector<std::string>& folders) {
  if (fs::is_regular_file(name))
    return fs::path{name};
  for (const auto& folder : folders) {
    if (auto path = find_capture_in(folder, name))
      return path;
    std::error_code ignored;
    std::vector<fs::path> inner;
    for (const auto& entry : fs::directory_iterator(folder, ignored))
      if (entry.is_directory(ignored))
        inner.push_back(entry.path());
    std::sort(inner.begin(), inner.end());
    for (const auto& each : inner)
      if (auto path = find_capture_in(each, name))
        return path;
  }
  return std::nullopt;
}

result<std::vector<fs::path>> find_scripts(const std::vector<std::string>& given) {
  std::vector<fs::path> out;
  for (const auto& name : given) {
    if (fs::is_regular_file(name)) {
      out.emplace_back(name);
      continue;
    }
    if (!fs::is_directory(name))
      return error{ec::not_found,
                   "found no '" + name + "', expected a script or a folder of scripts"};
    const size_t before = out.size();
    for (const auto& entry : fs::directory_iterator(name))
      if (entry.is_regular_file() && entry.path().extension() == ".lua")
        out.push_back(entry.path());
    if (out.size() == before)
      return error{ec::not_found, "found no script in the folder '" + name + "'"};
    std::sort(out.begin() + static_cast<ptrdiff_t>(before), out.end());
  }
  return out;
}

/// The tests that a script has, and those that are to be made.
result<std::vector<script_case>> find_cases(const fs::path& script, const test_order& order) {
  const fs::path folder = script.parent_path() / "tests";
  const std::string begin = script.stem().string() + ".";
  std::vector<std::string> names = order.on;
  if (names.empty() && fs::is_directory(folder))
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(begin) && name.ends_with(suffix)
          && name.size() > begin.size() + suffix.size())
        names.push_back(name.substr(begin.size(), name.size() - begin.size() - suffix.size()));
    }
  std::sort(names.begin(), names.end());
  std::vector<script_case> out;
  for (const auto& name : names) {
    const auto capture = find_capture(name, order.captures);
    if (!capture)
      return error{ec::not_found, "found no capture '" + name + "', expected one in "
                                    + order.captures.front()
                                    + " (or name folders with --captures)"};
    out.push_back(
      {script, *capture, folder / (begin + capture->stem().string() + std::string{suffix})});
  }
  return out;
}

/// Runs one; false if it is not as expected. An error is about the files.
result<bool> check(const script_case& test, const settings& values, bool update) {
  auto found = run(test, values);
  if (!found)
    return found.failure();
  const std::string name =
    test.script.filename().string() + " on " + test.capture.filename().string();
  const bool known = fs::exists(test.expected);
  const std::string expected = read_all(test.expected);
  if (known && expected == *found) {
    std::printf("ok   %s%s\n", name.c_str(), found->empty() ? " (says nothing)" : "");
    return true;
  }
  if (update) {
    std::error_code ignored;
    fs::create_directories(test.expected.parent_path(), ignored);
    if (auto written = write_whole(test.expected.string(), *found); !written)
      return written.failure();
    std::printf("new  %s: %zu lines\n", name.c_str(), lines_of(*found).size());
    return true;
  }
  std::printf("FAIL %s%s\n", name.c_str(), known ? "" : ": nothing is expected yet (--update)");
  print_difference(expected, *found);
  return false;
}

void describe(CLI::App& app, test_order& order) {
  app.set_help_flag("-h,--help", "Print this and exit.");
  app.add_option("SCRIPT", order.scripts, "Scripts, or folders of them.")
    ->type_name("FILE|DIR")
    ->required();
  app.add_option("-c", order.config, "Configuration file (flows, dpi, limits).")->type_name("FILE");
  const auto several = [&app](const char* name, auto& place, const char* type, const char* text) {
    app.add_option(name, place, text)
      ->type_name(type)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  several("--captures", order.captures, "DIR",
          "Where captures are, folders in it too (default: tests/captures). Repeatable.");
  several("--on", order.on, "CAPTURE", "Only on this capture, a test or not. Repeatable.");
  several("--set", order.sets, "SECTION.KEY=VALUE", "Change one setting. Repeatable.");
  app.add_flag("--update", order.update, "Write down what the scripts say as what is expected.");
  app.footer(closing);
}

/// Settings for tests: the file, then --set.
settings_outcome settings_of(const test_order& order) {
  std::vector<setting_override> overrides;
  for (const auto& text : order.sets) {
    const size_t equals = std::min(text.find('='), text.size());
    overrides.push_back(
      {text.substr(0, equals), text.substr(std::min(equals + 1, text.size())), "--set"});
  }
  settings defaults;
  std::error_code failure;
  if (const auto root = shipped_scripts(fs::read_symlink("/proc/self/exe", failure)); !root.empty())
    defaults.scripts.root = root.string();
  return load_settings(order.config, overrides, defaults);
}

int run_all(const test_order& order, const settings& values) {
  const auto scripts = find_scripts(order.scripts);
  if (!scripts)
    return complain(scripts.failure().what);
  size_t passed = 0;
  size_t failed = 0;
  for (const auto& script : scripts.value()) {
    const auto cases = find_cases(script, order);
    if (!cases)
      return complain(cases.failure().what);
    if (cases.value().empty()) {
      std::printf("FAIL %s has no test: make one with --on CAPTURE --update\n",
                  script.filename().c_str());
      ++failed;
    }
    for (const auto& test : cases.value()) {
      const auto outcome = check(test, values, order.update);
      if (!outcome)
        return complain(outcome.failure().what);
      ++(outcome.value() ? passed : failed);
    }
  }
  std::printf("%zu as expected, %zu not\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

} // namespace

int test_scripts(int argc, const char* const* argv) {
  test_order order;
  CLI::App app(about, "flowactors test");
  describe(app, order);
  // CLI11 speaks in exceptions; they end here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return std::fputs(app.help().c_str(), stdout) >= 0 ? 0 : 1;
  } catch (const CLI::ParseError& failure) {
    return complain(failure.what());
  }
  if (order.captures.empty())
    order.captures.emplace_back("tests/captures");
  const auto loaded = settings_of(order);
  if (!loaded.faults.empty())
    return complain(loaded.faults.front());
  return run_all(order, loaded.values);
}

} // namespace flowactors
