#define CAF_SUITE actors_command_line
#include "actors/command_line.hpp"

#include "actors/build_info.hpp"
#include "tests/suite.hpp"

#include <unistd.h>

#include <fstream>
#include <initializer_list>
#include <sstream>

using namespace flowactors;

namespace {

namespace fs = std::filesystem;

command_line_outcome parse(std::initializer_list<const char*> words) {
  std::vector<const char*> argv{"flowactors"};
  argv.insert(argv.end(), words);
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

/// The overrides as lines "target=value (origin)".
std::string overrides(const command_line_outcome& outcome) {
  std::string out;
  for (const auto& each : outcome.line.overrides)
    out += each.target + "=" + each.value + " (" + each.origin + ")\n";
  return out;
}

/// The settings that a command line leads to.
settings_outcome load(const command_line_outcome& outcome) {
  auto defaults = outcome.line.defaults;
  defaults.scripts.root = FLOWACTORS_SOURCE_DIR "/scripts";
  return load_settings(outcome.line.config, outcome.line.overrides, defaults);
}

void check_wrong(const command_line_outcome& outcome, const std::string& message) {
  CAF_CHECK(outcome.stop);
  CAF_CHECK_EQUAL(outcome.exit_code, 2);
  CAF_CHECK_EQUAL(outcome.out, "");
  CAF_CHECK_EQUAL(outcome.err,
                  "flowactors: " + message + "\nflowactors --help shows all options.\n");
}

void check_holds(const std::string& text, const std::string& part) {
  if (text.find(part) == std::string::npos)
    CAF_ERROR("'" + part + "' is not in: " + text);
  else
    CAF_CHECK(!part.empty());
}

/// A folder that is gone with the test.
struct scratch {
  scratch() {
    char name[] = "/tmp/flowactors-command-line-XXXXXX";
    CAF_REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~scratch() { fs::remove_all(path); }
  std::string file(const char* name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }
  fs::path path;
};

} // namespace

CAF_TEST(no argument asks for the defaults) {
  const auto outcome = parse({});
  CAF_CHECK(!outcome.stop);
  CAF_CHECK_EQUAL(outcome.exit_code, 0);
  CAF_CHECK(outcome.line.config.empty());
  CAF_CHECK(outcome.line.overrides.empty());
  CAF_CHECK(!outcome.line.test_only);
  CAF_CHECK(!outcome.line.dump_config);
}

CAF_TEST(options without a setting of their own) {
  const auto outcome = parse({"-c", "some.ini", "-T", "--dump-config"});
  CAF_CHECK(!outcome.stop);
  CAF_CHECK_EQUAL(outcome.line.config.string(), "some.ini");
  CAF_CHECK(outcome.line.test_only);
  CAF_CHECK(outcome.line.dump_config);
  CAF_CHECK(outcome.line.overrides.empty());
}

CAF_TEST(inputs take the place of both kinds in the file) {
  CAF_CHECK_EQUAL(
    overrides(parse({"-r", "a.pcap", "-r", "-"})),
    "capture.read= (-r)\ncapture.interface= (-r)\ncapture.read=\"a.pcap\", \"-\" (-r)\n");
  CAF_CHECK_EQUAL(
    overrides(parse({"-i", "eth0", "-i", "eth1"})),
    "capture.read= (-i)\ncapture.interface= (-i)\ncapture.interface=\"eth0\", \"eth1\" (-i)\n");
  const scratch folder;
  const auto file = folder.file("a.ini", "[capture]\nread = x.pcap\ninterface = lo\n");
  const auto read = load(parse({"-c", file.c_str(), "-r", "-"}));
  CAF_REQUIRE(read.faults.empty());
  CAF_CHECK_EQUAL(read.values.capture.read, std::vector<std::string>{"-"});
  CAF_CHECK(read.values.capture.interface.empty());
  const auto live = load(parse({"-c", file.c_str(), "-i", "eth0"}));
  CAF_REQUIRE(live.faults.empty());
  CAF_CHECK(live.values.capture.read.empty());
  CAF_CHECK_EQUAL(live.values.capture.interface, std::vector<std::string>{"eth0"});
  const auto both = load(parse({"-i", "eth0", "-r", "-"}));
  CAF_CHECK_EQUAL(both.values.capture.read.size(), 1u);
  CAF_CHECK_EQUAL(both.values.capture.interface.size(), 1u);
}

CAF_TEST(file names survive whatever they contain) {
  const std::vector<std::string> names{"/a,b", "/c \"d\"", "/e # f", "/g\\h",
                                       "/[i]", "/j\nk",    "/ ; l"};
  std::vector<const char*> argv{"flowactors"};
  for (const auto& name : names) {
    argv.push_back("-r");
    argv.push_back(name.c_str());
  }
  const auto outcome = load(parse_command_line(static_cast<int>(argv.size()), argv.data()));
  CAF_REQUIRE(outcome.faults.empty());
  CAF_CHECK_EQUAL(outcome.values.capture.read, names);
}

CAF_TEST(trailing words are the filter) {
  const auto filter = [](std::initializer_list<const char*> words) {
    const auto outcome = parse(words);
    CAF_CHECK(!outcome.stop);
    return load(outcome).values.capture.filter;
  };
  CAF_CHECK_EQUAL(filter({"-r", "-", "tcp", "port", "80"}), "tcp port 80");
  CAF_CHECK_EQUAL(filter({"-r", "-", "tcp port 80"}), "tcp port 80");
  CAF_CHECK_EQUAL(filter({"tcp[13]", "&", "2", "!=", "0", "-r", "-"}), "tcp[13] & 2 != 0");
  CAF_CHECK_EQUAL(filter({"-r", "-", "--", "-x", "tcp"}), "-x tcp");
  CAF_CHECK_EQUAL(filter({"-r", "-", "(", "port", "80", "or", "port", "443", ")"}),
                  "( port 80 or port 443 )");
  CAF_CHECK_EQUAL(filter({"-r", "-"}), "");
}

CAF_TEST(a filter file is read without its comments) {
  const scratch folder;
  const auto file =
    folder.file("web.bpf", "# the web\ntcp and  # over TCP\r\n\t(port 80 or\n port 443)\n");
  const auto outcome = parse({"-F", file.c_str()});
  CAF_CHECK_EQUAL(overrides(outcome), "capture.filter=\"tcp and (port 80 or port 443)\" (-F)\n");
  const auto binary = folder.file("binary", std::string("tcp\0", 4));
  check_wrong(parse({"-F", binary.c_str()}),
              "-F: found more than 1MiB or a zero byte in '" + binary + "', expected a BPF filter");
  check_wrong(parse({"-F", "/nowhere"}),
              "-F: found that '/nowhere' can't be opened (No such file or directory), "
              "expected a file with a BPF filter");
  check_wrong(parse({"-F", "/tmp"}),
              "-F: found the folder '/tmp', expected a file with a BPF filter");
  check_wrong(parse({"-F", "/dev/zero"}),
              "-F: found more than 1MiB or a zero byte in '/dev/zero', expected a BPF filter");
  check_wrong(parse({"-F", file.c_str(), "tcp"}),
              "found a filter both in words and with -F, expected one of them");
}

CAF_TEST(options win over set and set wins over the file) {
  const scratch folder;
  const auto file =
    folder.file("a.ini", "[log]\nlevel = off\n[flows]\nmax = 100\n[report]\nfile = a.json\n");
  const auto outcome =
    load(parse({"--report", "-", "--set", "report.file=/tmp/b.json", "--set", "flows.max=200", "-c",
                file.c_str(), "--set", "flows.max=300", "--strict-ledger"}));
  CAF_REQUIRE(outcome.faults.empty());
  CAF_CHECK_EQUAL(outcome.values.report.file, "-");
  CAF_CHECK_EQUAL(outcome.values.report.strict_ledger, true);
  CAF_CHECK_EQUAL(outcome.values.flows.max, 300u);
  CAF_CHECK_EQUAL(outcome.values.log.level, "off");
}

CAF_TEST(an input of set stays beside one of an option) {
  const auto outcome = load(parse({"-r", "-", "--set", "capture.interface=eth0"}));
  CAF_CHECK_EQUAL(outcome.values.capture.interface, std::vector<std::string>{"eth0"});
  CAF_CHECK_EQUAL(outcome.values.capture.read, std::vector<std::string>{"-"});
}

CAF_TEST(loudness) {
  const auto level = [](std::initializer_list<const char*> words) {
    return load(parse(words)).values;
  };
  CAF_CHECK_EQUAL(level({}).log.level, "info");
  CAF_CHECK_EQUAL(level({"-v"}).log.level, "debug");
  CAF_CHECK_EQUAL(level({"-vv"}).log.level, "trace");
  CAF_CHECK_EQUAL(level({"-v", "-v", "-v"}).log.level, "trace");
  CAF_CHECK_EQUAL(level({"-q"}).log.level, "warning");
  CAF_CHECK_EQUAL(level({"-q"}).report.summary, false);
  CAF_CHECK_EQUAL(level({"-qq"}).log.level, "error");
  CAF_CHECK_EQUAL(level({"-v"}).report.summary, true);
  check_wrong(parse({"-v", "-q"}), "-v excludes -q");
}

CAF_TEST(user scripts can be switched on) {
  const auto outcome = load(parse({"--set", "scripts.enabled=false", "--enable-user-scripts"}));
  CAF_CHECK_EQUAL(outcome.values.scripts.enabled, true);
}

CAF_TEST(set takes values with equals signs and nothing) {
  const auto outcome = parse({"--set", "capture.filter=ip[0] == 4", "--set=log.file="});
  CAF_CHECK_EQUAL(overrides(outcome), "capture.filter=ip[0] == 4 (--set)\nlog.file= (--set)\n");
}

CAF_TEST(faults of an override name its option) {
  const auto outcome =
    load(parse({"--set", "flow.max=1", "-r", "", "--report", "/nowhere/r.json"}));
  CAF_REQUIRE_EQUAL(outcome.faults.size(), 3u);
  CAF_CHECK_EQUAL(
    outcome.faults[0],
    "--set: [flow]: found an unknown section, expected one of capture, decode, flows, dpi, "
    "scripts, inline, context.NAME, report, shutdown, log, node, control, output.NAME, nearest known name 'flows'");
  CAF_CHECK_EQUAL(
    outcome.faults[1],
    "-r: [capture] read: found nothing, expected files, folders or -, separated by commas");
  CAF_CHECK_EQUAL(
    outcome.faults[2],
    "--report: [report] file: found '/nowhere/r.json', expected a file in a folder that "
    "exists ('/nowhere': does not exist)");
}

CAF_TEST(usage errors say what is wrong) {
  check_wrong(parse({"--strict-leger"}),
              "The following argument was not expected: --strict-leger, nearest known name "
              "'--strict-ledger'");
  check_wrong(parse({"--zzz"}), "The following argument was not expected: --zzz");
  check_wrong(parse({"-x"}), "The following argument was not expected: -x");
  check_wrong(parse({"-c"}), "-c: 1 required FILE missing");
  check_wrong(parse({"-r"}), "-r: 1 required FILE|DIR|- missing");
  check_wrong(parse({"-c", ""}), "-c: found nothing, expected the name of a file");
  check_wrong(parse({"--report", ""}), "--report: found nothing, expected the name of a file");
  check_wrong(parse({"--set", "log.level"}),
              "--set: found 'log.level', expected section.key=value");
  check_wrong(parse({"--set", "level=a.b"}),
              "--set: found 'level=a.b', expected section.key=value");
  check_wrong(parse({"-c", "a", "-c", "b"}), "-c: At Most 1 required but received 2");
}

CAF_TEST(help names every option and exit code and signal) {
  for (const char* option : {"-h", "--help"}) {
    const auto outcome = parse({"-v", option});
    CAF_CHECK(outcome.stop);
    CAF_CHECK_EQUAL(outcome.exit_code, 0);
    CAF_CHECK_EQUAL(outcome.err, "");
    for (const char* part : {"-c FILE",
                             "-r FILE|DIR|-",
                             "-i IFACE",
                             "-F FILE",
                             "-T ",
                             "--enable-user-scripts",
                             "--set SECTION.KEY=VALUE",
                             "--dump-config",
                             "-v ",
                             "-q ",
                             "-V,--version",
                             "--build-info",
                             "--report FILE|-",
                             "--strict-ledger",
                             "-h,--help",
                             "FILTER",
                             "  0  ",
                             "  1  ",
                             "  2  ",
                             "  3  ",
                             "HUP ",
                             "INT, TERM ",
                             "a second one ",
                             "USR1 "})
      check_holds(outcome.out, part);
  }
}

CAF_TEST(version and build information) {
  for (const char* option : {"-V", "--version"}) {
    const auto outcome = parse({option});
    CAF_CHECK(outcome.stop);
    CAF_CHECK_EQUAL(outcome.exit_code, 0);
    CAF_CHECK_EQUAL(outcome.out, version_line() + "\n");
  }
  const auto outcome = parse({"--build-info"});
  CAF_CHECK(outcome.stop);
  CAF_CHECK_EQUAL(outcome.exit_code, 0);
  check_holds(outcome.out, version_line() + "\n");
  // Built and run on one machine, so each library says the same twice.
  std::istringstream lines(outcome.out);
  std::string line;
  size_t libraries = 0;
  while (std::getline(lines, line)) {
    for (const std::string name : {"CAF", "LuaJIT", "nDPI", "libpcap"}) {
      if (!line.starts_with(name + " "))
        continue;
      ++libraries;
      const auto from = line.find_first_not_of(' ', name.size());
      const auto gap = line.find("  ", from);
      CAF_REQUIRE_NOT_EQUAL(gap, std::string::npos);
      check_holds(line.substr(gap), line.substr(from, gap - from));
    }
  }
  CAF_CHECK_EQUAL(libraries, 4u);
}

CAF_TEST(the scripts that belong to an executable are found) {
  const scratch folder;
  const auto root = folder.path;
  fs::create_directories(root / "usr/bin");
  CAF_CHECK_EQUAL(shipped_scripts(root / "usr/bin/flowactors").string(), "");
  fs::create_directories(root / "scripts/callbacks");
  CAF_CHECK_EQUAL(shipped_scripts(root / "usr/bin/flowactors").string(),
                  (root / "scripts").string());
  fs::create_directories(root / "usr/share/flowactors/scripts/callbacks");
  CAF_CHECK_EQUAL(shipped_scripts(root / "usr/bin/flowactors").string(),
                  (root / "usr/share/flowactors/scripts").string());
  CAF_CHECK_EQUAL(shipped_scripts(root / "build/flowactors").string(), (root / "scripts").string());
  CAF_CHECK_EQUAL(shipped_scripts(root / "a/b/c/d/flowactors").string(), "");
}
