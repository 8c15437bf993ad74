#define CAF_SUITE config_settings
#include "config/settings.hpp"

#include "config/assign.hpp"
#include "config/quantity.hpp"
#include "config/schema.hpp"
#include "tests/config/scratch.hpp"
#include "tests/suite.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <random>
#include <set>
#include <thread>

using namespace flowactors;
using namespace std::chrono_literals;

namespace {

const std::string source = FLOWACTORS_SOURCE_DIR;

settings_outcome parse(const std::string& text,
                       const std::vector<setting_override>& overrides = {}) {
  return parse_settings(text, "f.ini", source + "/config", overrides);
}

std::string faults(const settings_outcome& outcome) {
  std::string out;
  for (const auto& fault : outcome.faults)
    out += fault + "\n";
  return out;
}

/// What is wrong with one line of a section.
std::string fault(const std::string& section, const std::string& line) {
  return faults(parse("[" + section + "]\n" + line + "\n"));
}

/// The type's limits, where it has any.
uint64_t most_of(const setting_member& member) {
  return std::visit(
    [](auto* place) -> uint64_t {
      using type = std::remove_pointer_t<decltype(place)>;
      if constexpr (std::is_integral_v<type>)
        return std::numeric_limits<type>::max();
      else
        return std::numeric_limits<int64_t>::max();
    },
    member);
}

std::string number(uint64_t value, value_kind kind) {
  return kind == value_kind::integer    ? std::to_string(value)
         : kind == value_kind::duration ? std::to_string(value) + "ns"
                                        : std::to_string(value) + "B";
}

/// The section of a key, with a name where there may be many.
std::string section_of(const setting_key& key) {
  settings none;
  return std::string(key.section) + (instances_of(key, none).empty() ? ".x" : "");
}

/// What stands beside a key so that checks between keys have nothing to say.
std::string beside(const setting_key& key, const std::string& value) {
  const std::string name = key.name;
  if (std::string(key.section) == "output")
    return name == "path"      ? (value.empty() ? "kind = stdout\n" : "kind = unix\n")
           : name == "at"      ? (value.empty() ? "kind = stdout\n" : "kind = node\n")
           : name != "kind"    ? "kind = stdout\n"
           : value == "stdout" ? ""
           : value == "node"   ? "at = 127.0.0.1:4711\n"
                               : "path = /tmp/flowactors-output\n";
  if (key.rule.kind == value_kind::input_file && std::string(key.section) == "node") {
    std::string out;
    for (const std::string other : {"certificate", "key", "authority"})
      if (!value.empty() && other != name)
        out += other + " = " + value + "\n";
    return out;
  }
  if (std::string(key.section) == "node")
    return name == "heartbeat" ? "timeout = 600s\n" : name == "timeout" ? "heartbeat = 10ms\n" : "";
  if (std::string(key.section) == "context")
    return name == "batch" ? "lane = 16777216\n" : name == "lane" ? "batch = 1\n" : "";
  return name == "idle_after"     ? "closed_after = 0s\n"
         : name == "closed_after" ? "idle_after = 0s\n"
                                  : "";
}

/// Values that the rule allows, as they are written; the first is not the default.
std::vector<std::string> good_values(const setting_key& key, const scratch& folder) {
  const auto& rule = key.rule;
  settings defaults;
  switch (rule.kind) {
    case value_kind::boolean:
      return {*std::get<bool*>(key.member(defaults)) ? "false" : "true",
              "true",
              "yes",
              "no",
              "on",
              "off"};
    case value_kind::integer:
    case value_kind::size:
    case value_kind::duration: {
      std::vector<std::string> out{number(rule.least + rule.step, rule.kind),
                                   number(rule.least, rule.kind), number(rule.most, rule.kind)};
      if (rule.zero != nullptr)
        out.push_back(number(0, rule.kind));
      return out;
    }
    case value_kind::choice: {
      auto out = choice_names(rule);
      std::swap(out.front(), out.back());
      return out;
    }
    case value_kind::text:
      return std::string(key.name) == "listen" || std::string(key.name) == "at"
               ? std::vector<std::string>{"127.0.0.1:4711", ""}
             : std::string(key.name) == "name" ? std::vector<std::string>{"probe-1", ""}
                                               : std::vector<std::string>{"tcp port 80", ""};
    case value_kind::input_file:
      return {folder.file("in", ""), ""};
    case value_kind::output_file:
      return {(folder.path / "out").string(), ""};
    case value_kind::folder:
      return {folder.path.string()};
    case value_kind::names:
      if (std::string(key.name) == "at")
        return {"127.0.0.1:4711, [::1]:4711", "localhost:1", ""};
      return {"eth0, eth1", "eth0", ""};
    case value_kind::inputs:
      return {"/a.pcap, -", "/a, /a", ""};
    case value_kind::choices:
      return {choice_names(rule).back(), ""};
    case value_kind::networks:
      return {"192.0.2.0/24, 2001:db8::/32", ""};
  }
  return {};
}

std::vector<std::string> bad_values(const setting_key& key) {
  const auto& rule = key.rule;
  switch (rule.kind) {
    case value_kind::boolean:
      return {"", "1", "True", "ja"};
    case value_kind::integer:
    case value_kind::size:
    case value_kind::duration: {
      std::vector<std::string> out{"",
                                   "x",
                                   "-1",
                                   number(rule.most, rule.kind) + "0",
                                   number(rule.most + rule.step, rule.kind),
                                   "99999999999999999999999",
                                   number(rule.least, rule.kind) + " x"};
      if (rule.least > 0)
        out.push_back(number(rule.least - 1, rule.kind));
      if (rule.step > 1)
        out.push_back(number(rule.least + 1, rule.kind));
      if (rule.least > 0 && rule.zero == nullptr)
        out.push_back(number(0, rule.kind));
      return out;
    }
    case value_kind::choice:
    case value_kind::choices:
      return {"banana"};
    case value_kind::names:
    case value_kind::inputs:
      return {"\"\""};
    case value_kind::networks:
      return {"\"\"", "banana"};
    default:
      return {};
  }
}

} // namespace

CAF_TEST(every member of the settings has its key) {
  settings all;
  // A member more or less does not compile here; a row more or less fails below.
  auto& [interface, read, filter, snap_length, buffer, promiscuous, immediate, wait, workers,
         on_input_loss] = all.capture;
  auto& [tunnels, vxlan_port, gtp_port, fragments, fragment_entries, incomplete, damaged, bytes,
         max_headers] = all.decode;
  auto& [max, idle_after, closed_after, active_after, update_every, local_networks,
         community_id_seed] = all.flows;
  auto& [dpi_enabled, guess, max_tcp_packets, max_udp_packets, protocols_file] = all.dpi;
  auto& [scripts_enabled, root, jit, store_entries, store_size, helper_size] = all.scripts;
  auto& [trusted, compat_names, deadline, load_deadline, memory, output, pattern_steps, recursion,
         on_limit, breaches, within, retry_after] = all.inline_scripts;
  auto& [at, shards, lane, policy, batch, linger, restarts, restarts_within, c_trusted,
         c_compat_names, c_deadline, c_load_deadline, c_memory, c_output, c_pattern_steps,
         c_recursion, c_on_limit, c_breaches, c_within, c_retry_after] = all.contexts[""];
  auto& [report_file, strict_ledger, summary] = all.report;
  auto& [grace] = all.shutdown;
  auto& [level, log_file] = all.log;
  auto& [kind, path, output_at, what, detected, rotate, keep, queue, max_record, when_full,
         output_wait] = all.outputs[""];
  auto& [node_name, listen, certificate, node_key, authority, insecure, heartbeat, timeout] =
    all.node;
  auto& [control_socket] = all.control;
  auto& [capture, decode, flows, dpi, scripts, inline_scripts, contexts, report, shutdown, log,
         node, control, outputs] = all;
  CAF_CHECK_EQUAL(setting_sections().size(), 13u);
  const std::vector<setting_member> members{&interface,
                                            &read,
                                            &filter,
                                            &snap_length,
                                            &buffer,
                                            &promiscuous,
                                            &immediate,
                                            &wait,
                                            &workers,
                                            &on_input_loss,
                                            &tunnels,
                                            &vxlan_port,
                                            &gtp_port,
                                            &fragments,
                                            &fragment_entries,
                                            &incomplete,
                                            &damaged,
                                            &bytes,
                                            &max_headers,
                                            &max,
                                            &idle_after,
                                            &closed_after,
                                            &active_after,
                                            &update_every,
                                            &local_networks,
                                            &community_id_seed,
                                            &dpi_enabled,
                                            &guess,
                                            &max_tcp_packets,
                                            &max_udp_packets,
                                            &protocols_file,
                                            &scripts_enabled,
                                            &root,
                                            &jit,
                                            &store_entries,
                                            &store_size,
                                            &helper_size,
                                            &trusted,
                                            &compat_names,
                                            &deadline,
                                            &load_deadline,
                                            &memory,
                                            &output,
                                            &pattern_steps,
                                            &recursion,
                                            &on_limit,
                                            &breaches,
                                            &within,
                                            &retry_after,
                                            &at,
                                            &shards,
                                            &lane,
                                            &policy,
                                            &batch,
                                            &linger,
                                            &restarts,
                                            &restarts_within,
                                            &c_trusted,
                                            &c_compat_names,
                                            &c_deadline,
                                            &c_load_deadline,
                                            &c_memory,
                                            &c_output,
                                            &c_pattern_steps,
                                            &c_recursion,
                                            &c_on_limit,
                                            &c_breaches,
                                            &c_within,
                                            &c_retry_after,
                                            &report_file,
                                            &strict_ledger,
                                            &summary,
                                            &grace,
                                            &level,
                                            &log_file,
                                            &node_name,
                                            &listen,
                                            &certificate,
                                            &node_key,
                                            &authority,
                                            &insecure,
                                            &heartbeat,
                                            &timeout,
                                            &control_socket,
                                            &kind,
                                            &path,
                                            &output_at,
                                            &what,
                                            &detected,
                                            &rotate,
                                            &keep,
                                            &queue,
                                            &max_record,
                                            &when_full,
                                            &output_wait};
  CAF_REQUIRE_EQUAL(setting_keys().size(), members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    const auto& key = setting_keys()[i];
    CAF_MESSAGE(key.section << "." << key.name);
    CAF_CHECK(key.member(all) == members[i]);
  }
  static_cast<void>(capture), static_cast<void>(decode), static_cast<void>(flows),
    static_cast<void>(dpi);
  static_cast<void>(scripts), static_cast<void>(inline_scripts), static_cast<void>(contexts),
    static_cast<void>(report), static_cast<void>(shutdown), static_cast<void>(log),
    static_cast<void>(control), static_cast<void>(outputs);
}

CAF_TEST(every row of the table is whole) {
  settings defaults;
  std::set<std::string> seen;
  for (const auto& key : setting_keys()) {
    const auto name = std::string(key.section) + "." + key.name;
    CAF_CHECK(seen.insert(name).second);
    CAF_CHECK(std::string(key.meaning).ends_with('.'));
    CAF_CHECK(!expectation(key.rule).empty());
    const auto member = key.member(defaults);
    CAF_CHECK(key.rule.most <= most_of(member));
    const bool list = std::holds_alternative<std::vector<std::string>*>(member);
    CAF_CHECK_EQUAL(is_list(key.rule.kind), list);
    const bool number = key.rule.kind == value_kind::integer || key.rule.kind == value_kind::size
                        || key.rule.kind == value_kind::duration;
    CAF_CHECK_EQUAL(number, key.rule.most > 0);
    CAF_CHECK_EQUAL(key.rule.kind == value_kind::boolean, std::holds_alternative<bool*>(member));
    CAF_CHECK_EQUAL(key.rule.kind == value_kind::duration,
                    std::holds_alternative<std::chrono::nanoseconds*>(member));
  }
}

CAF_TEST(every key takes its good values from a file and from overrides) {
  const scratch folder;
  for (const auto& key : setting_keys()) {
    bool first = true;
    for (const auto& value : good_values(key, folder)) {
      const auto other = beside(key, value);
      const auto text = "[" + section_of(key) + "]\n" + other + key.name + " = " + value + "\n";
      CAF_MESSAGE(text);
      auto by_file = parse(text);
      CAF_CHECK_EQUAL(faults(by_file), "");
      const auto rest = other.empty() ? "" : "[" + section_of(key) + "]\n" + other;
      auto by_override = parse(rest, {{section_of(key) + "." + key.name, value}});
      CAF_CHECK_EQUAL(faults(by_override), "");
      CAF_CHECK(by_file.values == by_override.values);
      auto without = parse(rest);
      CAF_CHECK(!first || !(by_file.values == without.values));
      first = false;
    }
  }
}

CAF_TEST(every key refuses its bad values and says what it expects) {
  for (const auto& key : setting_keys()) {
    const auto place = "[" + section_of(key) + "] " + key.name + ": ";
    for (const auto& value : bad_values(key)) {
      const auto found = value.empty() || value == "\"\"" ? "nothing" : "'" + value + "'";
      const auto sentence = place + "found " + found + ", expected " + expectation(key.rule) + "\n";
      const auto other = std::string(key.name) == "kind" ? "" : beside(key, value);
      CAF_CHECK_EQUAL(fault(section_of(key), std::string(key.name) + " = " + value + "\n" + other),
                      "f.ini:2: " + sentence);
      const auto rest = other.empty() ? "" : "[" + section_of(key) + "]\n" + other;
      CAF_CHECK_EQUAL(faults(parse(rest, {{section_of(key) + "." + key.name, value, "-x"}})),
                      "-x: " + sentence);
    }
  }
}

CAF_TEST(messages of each kind) {
  CAF_CHECK_EQUAL(
    fault("capture", "snap_length = 63"),
    "f.ini:2: [capture] snap_length: found '63', expected an integer from 64 to 262144 bytes\n");
  CAF_CHECK_EQUAL(fault("capture", "buffer = 64M"),
                  "f.ini:2: [capture] buffer: found '64M', expected a size from 1MiB to 4GiB "
                  "(units B, KiB, MiB, GiB, kB, MB, GB)\n");
  CAF_CHECK_EQUAL(fault("capture", "wait = 1500us"),
                  "f.ini:2: [capture] wait: found '1500us', expected a duration from 1ms to 10s in "
                  "steps of 1ms (units ns, us, ms, s, min, h)\n");
  CAF_CHECK_EQUAL(
    fault("flows", "idle_after = 30"),
    "f.ini:2: [flows] idle_after: found '30', expected 0s (never) or a duration from 1s to "
    "8760h (units ns, us, ms, s, min, h)\n");
  CAF_CHECK_EQUAL(
    fault("dpi", "guess = maybe"),
    "f.ini:2: [dpi] guess: found 'maybe', expected true or false (or yes, no, on, off)\n");
  CAF_CHECK_EQUAL(
    fault("log", "level = warn"),
    "f.ini:2: [log] level: found 'warn', expected one of trace, debug, info, warning, "
    "error, off, nearest known name 'warning'\n");
  CAF_CHECK_EQUAL(fault("decode", "tunnels = ipip,\n  greee"),
                  "f.ini:3: [decode] tunnels: found 'greee', expected some of ipip, 6in4, "
                  "gre, vxlan, gtp, capwap, tzsp, nearest known name 'gre'\n");
  CAF_CHECK_EQUAL(fault("decode", "tunnels = gre, ipip, gre"),
                  "f.ini:2: [decode] tunnels: found 'gre', expected each only once\n");
  CAF_CHECK_EQUAL(fault("capture", "read = -, x, -"),
                  "f.ini:2: [capture] read: found '-', expected each only once\n");
  CAF_CHECK_EQUAL(fault("flows", "local_networks = 10.0.0.1/8"),
                  "f.ini:2: [flows] local_networks: found '10.0.0.1/8', expected a network "
                  "without bits behind its prefix, in the usual form: '10.0.0.0/8'\n");
  CAF_CHECK_EQUAL(fault("flows", "local_networks = ::1"),
                  "f.ini:2: [flows] local_networks: found '::1', expected networks like "
                  "192.168.0.0/16 or fc00::/7, separated by commas\n");
  CAF_CHECK_EQUAL(fault("capture", "filter = a,\n b"),
                  "f.ini:2: [capture] filter: found 'a, b', expected a text, on one line\n");
}

CAF_TEST(unknown names get the nearest known one) {
  CAF_CHECK_EQUAL(
    fault("captur", "x = 1\ny = 2"),
    "f.ini:1: [captur]: found an unknown section, expected one of capture, decode, flows, dpi, "
    "scripts, inline, context.NAME, report, shutdown, log, node, control, output.NAME, nearest known name 'capture'\n");
  CAF_CHECK_EQUAL(
    fault("banana", ""),
    "f.ini:1: [banana]: found an unknown section, expected one of capture, decode, flows, dpi, "
    "scripts, inline, context.NAME, report, shutdown, log, node, control, output.NAME\n");
  CAF_CHECK_EQUAL(fault("report", "fil = x"),
                  "f.ini:2: [report] fil: found an unknown key, expected one of file, "
                  "strict_ledger, summary, nearest known name 'file'\n");
  CAF_CHECK_EQUAL(fault("report", "banana = x"),
                  "f.ini:2: [report] banana: found an unknown key, expected one of file, "
                  "strict_ledger, summary\n");
  CAF_CHECK_EQUAL(fault("report", "snap_length = 64"),
                  "f.ini:2: [report] snap_length: found an unknown key, expected one of file, "
                  "strict_ledger, summary, nearest known name 'snap_length' in [capture]\n");
  CAF_CHECK_EQUAL(
    faults(parse("snap_length = 64")),
    "f.ini:1: snap_length: found a key before any section, expected a [section] first, "
    "nearest known name 'snap_length' in [capture]\n");
  CAF_CHECK_EQUAL(faults(parse("banana = 64")),
                  "f.ini:1: banana: found a key before any section, expected a [section] first\n");
}

CAF_TEST(all faults come at once in the order of the file) {
  const auto outcome = parse(
    "[captur]\nread = x\n[flows]\nmx = 1\nidle_after = 1\nmax = 1\nmax = 2\nnonsense\n[dpi\n"
    "[log]\nlevel = \"info\n[report]\nfile = /nowhere/r.json\n",
    {{"flows.max", "5"}, {"banana", "1"}, {"log.file", "/nowhere/l", "-z"}, {"dpi.guess", "\"x"}});
  CAF_CHECK_EQUAL(
    faults(outcome),
    "f.ini:1: [captur]: found an unknown section, expected one of capture, decode, flows, dpi, "
    "scripts, inline, context.NAME, report, shutdown, log, node, control, output.NAME, nearest "
    "known name 'capture'\n"
    "f.ini:4: [flows] mx: found an unknown key, expected one of max, idle_after, closed_after, "
    "active_after, update_every, "
    "local_networks, community_id_seed, nearest known name 'max'\n"
    "f.ini:5: [flows] idle_after: found '1', expected 0s (never) or a duration from 1s to 8760h "
    "(units ns, us, ms, s, min, h)\n"
    "f.ini:6: [flows] max: found '1', expected an integer from 16 to 16000000 flows\n"
    "f.ini:7: [flows] max: found a second value, expected one; the first is in line 6\n"
    "f.ini:8: [flows]: found 'nonsense', expected [section], key = value or a comment\n"
    "f.ini:9: found '[dpi', expected [section] and nothing else\n"
    "f.ini:11: [log] level: found '\"info', expected a closing quote\n"
    "--set: [flows] max: found '5', expected an integer from 16 to 16000000 flows\n"
    "--set: found 'banana', expected section.key\n"
    "--set: [dpi] guess: found '\"x', expected a closing quote\n"
    "f.ini:13: [report] file: found '/nowhere/r.json', expected a file in a folder that exists "
    "('/nowhere': does not exist)\n"
    "-z: [log] file: found '/nowhere/l', expected a file in a folder that exists ('/nowhere': "
    "does not exist)\n");
}

CAF_TEST(sections that there may be many of) {
  const auto outcome =
    parse("[output.a]\n[output.B-2]\nkind = stdout\n",
          {{"output.a.path", "/tmp/x"}, {"output.c.kind", "unix"}, {"output.c.path", "/tmp/y"}});
  CAF_CHECK_EQUAL(faults(outcome), "");
  CAF_REQUIRE_EQUAL(outcome.values.outputs.size(), 3u);
  CAF_CHECK_EQUAL(outcome.values.outputs.at("a").path, "/tmp/x");
  CAF_CHECK_EQUAL(outcome.values.outputs.at("B-2").kind, "stdout");
  CAF_CHECK_EQUAL(outcome.values.outputs.at("c").path, "/tmp/y");
  const std::string wanted =
    "found a section without a proper name, expected [output.NAME], NAME "
    "of at most 32 letters, digits, - and _\n";
  for (const std::string name : {"output", "output.", "output.a b", "output.a.b"})
    CAF_CHECK_EQUAL(fault(name, "kind = stdout"), "f.ini:1: [" + name + "]: " + wanted);
  CAF_CHECK_EQUAL(faults(parse("", {{"output.kind", "stdout"}})), "--set: [output]: " + wanted);
  CAF_CHECK_EQUAL(
    fault("output.a", "kind = stdout\npat = x"),
    "f.ini:3: [output.a] pat: found an unknown key, expected one of kind, path, at, what, "
    "detected, rotate, keep, queue, max_record, when_full, wait, nearest known name "
    "'path'\n");
  CAF_CHECK_EQUAL(fault("report", "rotate = 1"),
                  "f.ini:2: [report] rotate: found an unknown key, expected one of file, "
                  "strict_ledger, summary, nearest known name 'rotate' in [output.NAME]\n");
}

CAF_TEST(outputs need places of their own) {
  CAF_CHECK_EQUAL(fault("output.a", "path ="),
                  "f.ini:2: [output.a] path: found nothing, expected the path of the file, or kind "
                  "= stdout\n");
  CAF_CHECK_EQUAL(fault("output.a", "kind = unix"),
                  "f.ini (default): [output.a] path: found nothing, expected the path of the "
                  "socket\n");
  CAF_CHECK_EQUAL(fault("output.a", "kind = stdout\npath = /tmp/x"),
                  "f.ini:3: [output.a] path: found '/tmp/x', expected no path, since kind = "
                  "stdout\n");
  CAF_CHECK_EQUAL(fault("output.a", "path = /nowhere/x"),
                  "f.ini:2: [output.a] path: found '/nowhere/x', expected a file in a folder that "
                  "exists ('/nowhere': does not exist)\n");
  CAF_CHECK_EQUAL(fault("output.a", "path = /tmp"),
                  "f.ini:2: [output.a] path: found '/tmp' (a folder), expected a file\n");
  const auto long_path = fault("output.a", "kind = unix\npath = /" + std::string(107, 'x'));
  CAF_CHECK_NOT_EQUAL(long_path.find("expected at most 107 bytes, since kind = unix\n"),
                      std::string::npos);
  CAF_CHECK_EQUAL(fault("output.a", "kind = unix\npath = /" + std::string(106, 'x')), "");
  CAF_CHECK_EQUAL(fault("output.a", "path = /tmp/x\n[output.b]\npath = /tmp/x"),
                  "f.ini:4: [output.b] path: found '/tmp/x', expected another place than that of "
                  "[output.a]\n");
  CAF_CHECK_EQUAL(fault("output.a", "kind = stdout\n[output.b]\nkind = stdout"),
                  "f.ini:4: [output.b] kind: found standard output, expected another place than "
                  "that of [output.a]\n");
  std::string many;
  for (int i = 10; i < 75; ++i)
    many += "[output.o" + std::to_string(i) + "]\npath = /tmp/x" + std::to_string(i) + "\n";
  CAF_CHECK_EQUAL(faults(parse(many)),
                  "f.ini (default): [output.o74] kind: found 65 outputs, "
                  "expected at most 64\n");
}

CAF_TEST(contexts have names and lanes that hold a batch) {
  CAF_CHECK_EQUAL(fault("context.a", "batch = 100\nlane = 100"), "");
  CAF_CHECK_EQUAL(fault("context.a", "batch = 101\nlane = 100"),
                  "f.ini:2: [context.a] batch: found '101', expected at most lane (100)\n");
  CAF_CHECK_EQUAL(fault("context.inline", ""),
                  "f.ini (default): [context.inline] shards: found the name of the scripts in the "
                  "capture ([inline]), expected another name\n");
  const auto outcome = parse("[context.a]\n[context.b]\ndeadline = 2ms\n");
  CAF_CHECK_EQUAL(faults(outcome), "");
  CAF_REQUIRE_EQUAL(outcome.values.contexts.size(), 2u);
  CAF_CHECK_EQUAL(outcome.values.contexts.at("a"), settings::context_section{});
  CAF_CHECK(outcome.values.contexts.at("b").deadline == std::chrono::milliseconds(2));
  std::string many;
  for (int i = 100; i < 357; ++i)
    many += "[context.c" + std::to_string(i) + "]\n";
  CAF_CHECK_EQUAL(faults(parse(many)),
                  "f.ini (default): [context.c356] shards: found 257 contexts, expected at most "
                  "256\n");
}

CAF_TEST(values that contradict each other) {
  CAF_CHECK_EQUAL(fault("flows", "idle_after = 5s\nclosed_after = 6s"),
                  "f.ini:3: [flows] closed_after: found '6s', expected at most idle_after (5s)\n");
  CAF_CHECK_EQUAL(
    fault("flows", "idle_after = 2s"),
    "f.ini (default): [flows] closed_after: found '3s', expected at most idle_after (2s)\n");
  CAF_CHECK_EQUAL(fault("flows", "idle_after = 5s\nclosed_after = 5s"), "");
  CAF_CHECK_EQUAL(fault("flows", "idle_after = 0s\nclosed_after = 1h"), "");
  CAF_CHECK_EQUAL(fault("flows", "idle_after = 2s\nclosed_after = 0s"), "");
  CAF_CHECK_EQUAL(
    fault("decode", "gtp_port = 4789"),
    "f.ini:2: [decode] gtp_port: found '4789', expected another port than vxlan_port, since "
    "both tunnels are unwrapped\n");
  CAF_CHECK_EQUAL(fault("decode", "gtp_port = 4789\ntunnels = gtp"), "");
  std::string networks;
  for (int i = 0; i < 32768; ++i)
    networks += (i == 0 ? "" : ", ") + std::string("10.") + std::to_string(i / 256) + "."
                + std::to_string(i % 256) + ".0/24";
  CAF_CHECK_EQUAL(
    fault("flows", "local_networks = " + networks),
    "f.ini:2: [flows] local_networks: found 32768 networks, expected at most 32767\n");
}

CAF_TEST(things that must be there) {
  const scratch folder;
  const auto file = folder.file("file", "");
  const auto at = folder.path.string();
  CAF_CHECK_EQUAL(fault("scripts", "root = " + at + "/none"), "f.ini:2: [scripts] root: found "
      "'" + at + "/none' (does not exist), expected the "
                                                              "folder of the scripts, or "
                                                              "[scripts] enabled = false\n");
  CAF_CHECK_EQUAL(fault("scripts", "root = " + file), "f.ini:2: [scripts] root: found '" + file + "' (not a folder), expected the folder of "
                                                      "the scripts, or [scripts] enabled = "
                                                      "false\n");
  CAF_CHECK_EQUAL(fault("scripts", "enabled = no\nroot = " + at + "/none"), "");
  CAF_CHECK_EQUAL(fault("dpi", "protocols_file = " + at + "/none"),
                  "f.ini:2: [dpi] protocols_file: found '" + at
                    + "/none' (does not exist), expected a file that can be read\n");
  CAF_CHECK_EQUAL(fault("dpi", "protocols_file = " + at),
                  "f.ini:2: [dpi] protocols_file: found '" + at
                    + "' (a folder), expected a file that can be read\n");
  CAF_CHECK_EQUAL(fault("dpi", "enabled = no\nprotocols_file = " + at + "/none"), "");
  CAF_CHECK_EQUAL(fault("report", "file = " + at),
                  "f.ini:2: [report] file: found '" + at + "' (a folder), expected a file\n");
  CAF_CHECK_EQUAL(fault("report", "file = " + file + "/r"), "f.ini:2: [report] file: found '" + file + "/r', expected a file in a folder that "
                                                            "exists ('" + file + "': not a "
                                                            "folder)\n");
  CAF_CHECK_EQUAL(fault("report", "file = " + at + "/new.json"), "");
  CAF_CHECK_EQUAL(fault("report", "file = -"), "");
  const auto without_folder = parse_settings("", "f.ini", folder.path / "config", {});
  CAF_CHECK_EQUAL(faults(without_folder), "f.ini (default): [scripts] root: found '" + at + "/config/../scripts' (does not exist), expected "
                                          "the folder of the scripts, or [scripts] enabled = "
                                          "false\n");
}

CAF_TEST(overrides hold from first to last) {
  const auto outcome = parse("[flows]\nmax = 100\n",
                             {{"flows.max", "200"}, {"log.level", "debug"}, {"flows.max", "300"}});
  CAF_CHECK_EQUAL(faults(outcome), "");
  CAF_CHECK_EQUAL(outcome.values.flows.max, 300u);
  CAF_CHECK_EQUAL(outcome.values.log.level, "debug");
  const auto lists = parse("[decode]\ntunnels = gre\n",
                           {{"decode.tunnels", "ipip, gtp"}, {"capture.filter", "a # b, c"}});
  CAF_CHECK_EQUAL(lists.values.decode.tunnels, (std::vector<std::string>{"ipip", "gtp"}));
  CAF_CHECK_EQUAL(lists.values.capture.filter, "a # b, c");
  CAF_CHECK(
    parse("[decode]\ntunnels = gre\n", {{"decode.tunnels", ""}}).values.decode.tunnels.empty());
}

CAF_TEST(defaults hold where nothing is said) {
  settings defaults;
  defaults.scripts.root = "/";
  defaults.flows.max = 77;
  const auto outcome = parse_settings("[log]\nlevel = off\n", "f.ini", "/nowhere", {}, defaults);
  CAF_CHECK_EQUAL(faults(outcome), "");
  defaults.log.level = "off";
  CAF_CHECK(outcome.values == defaults);
  CAF_CHECK_EQUAL(parse("[scripts]\nroot = ..\n").values.scripts.root, source + "/");
}

CAF_TEST(paths of a file start at its folder and those of overrides at the working directory) {
  const scratch folder;
  folder.folder("scripts");
  folder.folder("etc");
  const auto file =
    folder.file("etc/a.ini",
                "[capture]\nread = a.pcap, -, ./b, ../c, /d\n[report]\nfile = r.json\n"
                "[log]\nfile = -\n[dpi]\nprotocols_file = a.ini\n");
  const auto at = folder.path.string();
  const auto outcome = load_settings(file, {{"capture.interface", "eth0"}});
  CAF_REQUIRE_EQUAL(faults(outcome), "");
  CAF_CHECK_EQUAL(
    outcome.values.capture.read,
    (std::vector<std::string>{at + "/etc/a.pcap", "-", at + "/etc/b", at + "/etc/../c", "/d"}));
  CAF_CHECK_EQUAL(outcome.values.capture.interface, std::vector<std::string>{"eth0"});
  CAF_CHECK_EQUAL(outcome.values.report.file, at + "/etc/r.json");
  CAF_CHECK_EQUAL(outcome.values.log.file, at + "/etc/-");
  CAF_CHECK_EQUAL(outcome.values.dpi.protocols_file, file);
  CAF_CHECK_EQUAL(outcome.values.scripts.root, at + "/scripts");
  const auto here = std::filesystem::current_path().string();
  const auto over =
    load_settings(file, {{"capture.read", "x.pcap"}, {"report.file", "-"}, {"scripts.root", "."}});
  CAF_REQUIRE_EQUAL(faults(over), "");
  CAF_CHECK_EQUAL(over.values.capture.read, std::vector<std::string>{here + "/x.pcap"});
  CAF_CHECK_EQUAL(over.values.report.file, "-");
  CAF_CHECK_EQUAL(over.values.scripts.root, here + "/");
}

CAF_TEST(the parent of a linked folder is that of its target) {
  const scratch folder;
  folder.folder("real/config");
  folder.folder("real/scripts");
  folder.folder("scripts");
  std::filesystem::create_directory_symlink(folder.path / "real/config", folder.path / "link");
  const auto outcome = parse_settings("", "f.ini", folder.path / "link", {});
  CAF_REQUIRE_EQUAL(faults(outcome), "");
  CAF_CHECK(std::filesystem::equivalent(outcome.values.scripts.root, folder.path / "real/scripts"));
}

CAF_TEST(files that can not be read) {
  const scratch folder;
  const auto at = folder.path.string();
  const std::string model = ", expected a configuration file (config/flowactors.ini is a model)\n";
  CAF_CHECK_EQUAL(faults(load_settings(at + "/none.ini", {})),
                  at + "/none.ini: found no such file" + model);
  CAF_CHECK_EQUAL(faults(load_settings(at, {})), at + ": found a folder" + model);
  CAF_CHECK_EQUAL(faults(load_settings("/dev/zero", {})),
                  "/dev/zero: found more than 1MiB, expected a configuration file\n");
  CAF_CHECK_EQUAL(
    faults(load_settings(folder.file("big.ini", std::string((1 << 20) + 1, '\n')), {})),
    at + "/big.ini: found more than 1MiB, expected a configuration file\n");
  CAF_CHECK_EQUAL(faults(load_settings(folder.file("binary.ini", std::string("[log]\n\0", 7)), {})),
                  at + "/binary.ini:2: found the control character 0x00, expected a text file\n");
  // What is wrong with the command line shows at the same time.
  CAF_CHECK_EQUAL(
    faults(load_settings(at + "/none.ini", {{"log.level", "x"}, {"log.file", "/nowhere/x"}})),
    at + "/none.ini: found no such file" + model
      + "--set: [log] level: found 'x', expected one of trace, debug, info, warning, error, off\n");
}

CAF_TEST(a file without permission) {
  const scratch folder;
  const auto file = folder.file("secret.ini", "[log]\nlevel = off\n");
  std::filesystem::permissions(file, std::filesystem::perms(0));
  const bool root = geteuid() == 0;
  CAF_REQUIRE(!root || seteuid(65534) == 0);
  const auto outcome = load_settings(file, {});
  CAF_REQUIRE(!root || seteuid(0) == 0);
  CAF_CHECK_EQUAL(faults(outcome), file + ": found that it can't be opened (Permission denied), "
      "expected a configuration file that this "
                                   "user may read\n");
}

CAF_TEST(an empty file is the defaults and a pipe is a file) {
  const scratch folder;
  folder.folder("scripts");
  folder.folder("etc");
  settings defaults;
  defaults.scripts.root = folder.path / "scripts";
  const auto empty = load_settings(folder.file("etc/a.ini", ""), {});
  CAF_CHECK_EQUAL(faults(empty), "");
  CAF_CHECK(empty.values == defaults);
  const auto pipe = (folder.path / "etc/pipe").string();
  CAF_REQUIRE_EQUAL(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&pipe] { std::ofstream(pipe) << "[flows]\nmax = 99\n"; });
  const auto piped = load_settings(pipe, {});
  writer.join();
  CAF_CHECK_EQUAL(faults(piped), "");
  CAF_CHECK_EQUAL(piped.values.flows.max, 99u);
}

CAF_TEST(no file is the defaults from the working directory) {
  settings defaults;
  defaults.scripts.root = "/";
  const auto outcome = load_settings({}, {}, defaults);
  CAF_CHECK_EQUAL(faults(outcome), "");
  CAF_CHECK(outcome.values == defaults);
  defaults.scripts.root = "nowhere-at-all";
  CAF_CHECK_EQUAL(faults(load_settings({}, {}, defaults)),
                  "defaults: [scripts] root: found '" + std::filesystem::current_path().string() + "/nowhere-at-all' (does not exist), "
                  "expected the folder of the scripts, or [scripts] enabled = false\n");
}

CAF_TEST(the files that come with the program) {
  for (const char* name :
       {"flowactors.ini", "ndpireader.ini", "demo.ini", "sensor.ini", "analyzer.ini"})
    CAF_CHECK_EQUAL(faults(load_settings(source + "/config/" + name, {})), "");
  const auto ndpi = load_settings(source + "/config/ndpireader.ini", {}).values;
  CAF_CHECK_EQUAL(ndpi.decode.tunnels,
                  (std::vector<std::string>{"ipip", "6in4", "gtp", "capwap", "tzsp"}));
  CAF_CHECK_EQUAL(ndpi.decode.fragments, "drop");
  CAF_CHECK_EQUAL(ndpi.decode.incomplete, "drop");
  CAF_CHECK_EQUAL(ndpi.decode.damaged, "read");
  CAF_CHECK_EQUAL(ndpi.decode.bytes, "captured");
  CAF_CHECK(ndpi.flows.idle_after == 0s && ndpi.flows.closed_after == 0s
            && ndpi.flows.active_after == 0s);
  const auto demo = load_settings(source + "/config/demo.ini", {}).values;
  CAF_REQUIRE_EQUAL(demo.capture.read.size(), 1u);
  CAF_CHECK(std::filesystem::equivalent(demo.capture.read[0], source + "/tests/captures"));
  CAF_CHECK(demo.report.summary);
}

CAF_TEST(garbage is refused in peace) {
  std::ifstream file(source + "/config/flowactors.ini");
  const std::string model{std::istreambuf_iterator<char>(file), {}};
  CAF_REQUIRE(model.size() > 1000);
  std::mt19937 random(20171);
  const auto below = [&random](size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(random);
  };
  const std::string letters = "[]=\",;#\\ \n\r\tx0-_.:/%";
  size_t refused = 0;
  constexpr size_t rounds = 10'000;
  for (size_t round = 0; round < rounds; ++round) {
    // A piece of the model, so that changes are dense in it.
    const size_t from = below(model.size());
    auto text = model.substr(from, 1 + below(600));
    for (size_t changes = 1 + below(8); changes > 0 && !text.empty(); --changes) {
      const size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text[at] = letters[below(letters.size())];
          break;
        case 2:
          text.insert(at, 1, letters[below(letters.size())]);
          break;
        case 3:
          text.erase(at, below(20));
          break;
      }
    }
    const auto outcome = parse(text, {{"capture.filter", text.substr(0, below(40))}});
    refused += !outcome.faults.empty();
    for (const auto& each : outcome.faults)
      if (each.find('\n') != each.npos || each.find(": ") == each.npos)
        CAF_ERROR("not one line with its place: " + each);
  }
  CAF_MESSAGE(refused << " of " << rounds << " refused");
  CAF_CHECK(refused > rounds / 2);
}
