#define CAF_SUITE config_dump
#include "config/schema.hpp"
#include "config/settings.hpp"
#include "tests/config/scratch.hpp"
#include "tests/suite.hpp"

#include <random>

using namespace flowactors;

namespace {

using generator = std::mt19937_64;

uint64_t between(generator& random, uint64_t least, uint64_t most) {
  return std::uniform_int_distribution<uint64_t>(least, most)(random);
}

/// Any text but a zero byte; of blanks, quotes and separators more than its share.
std::string random_text(generator& random) {
  const std::string spice = " \t,#;\"\\=[]\n\r-";
  std::string out;
  for (uint64_t i = between(random, 0, 20); i > 0; --i)
    out += between(random, 0, 1) == 0 ? spice[between(random, 0, spice.size() - 1)]
                                      : static_cast<char>(between(random, 1, 255));
  return out;
}

/// A name of a file, as it stands in a path.
std::string random_name(generator& random) {
  std::string out = "f";
  for (const char c : random_text(random))
    if (c != '/')
      out += c;
  return out;
}

std::string random_network(generator& random) {
  if (between(random, 0, 1) == 0)
    return std::to_string(between(random, 1, 223)) + "." + std::to_string(between(random, 0, 255))
           + ".0.0/16";
  char text[32];
  std::snprintf(text, sizeof text, "2001:db8:%x::/48",
                static_cast<unsigned>(between(random, 1, 0xffff)));
  return text;
}

/// Outputs that contradict nothing.
void add_outputs(settings& out, generator& random, const scratch& folder) {
  for (uint64_t i = between(random, 0, 3); i > 0; --i) {
    auto& made = out.outputs["o-" + std::to_string(i)];
    made.path = (folder.path / ("out" + std::to_string(i))).string();
    made.detected = between(random, 0, 1) == 0;
    made.rotate = between(random, 0, 1) * 4096 * between(random, 1, 1000);
    made.keep = static_cast<uint32_t>(between(random, 0, 10'000));
    made.wait = std::chrono::milliseconds(between(random, 1, 100'000));
  }
}

/// A node that contradicts nothing.
void settle_node(settings& out, generator& random) {
  auto& node = out.node;
  node.name = between(random, 0, 1) == 0 ? "" : "#node;" + std::to_string(between(random, 0, 99));
  node.listen = between(random, 0, 1) == 0 ? "" : "127.0.0.1:4711";
  node.heartbeat = std::min(node.heartbeat, node.timeout / 2);
  node.key = node.authority = node.certificate;
  node.insecure = node.insecure && node.certificate.empty();
}

/// A value that the rule allows.
void randomise(const setting_key& key, settings& out, generator& random, const scratch& folder) {
  const auto& rule = key.rule;
  const auto member = key.member(out);
  const auto name = [&] { return (folder.path / random_name(random)).string(); };
  const auto list = [&](auto make) {
    auto& place = *std::get<std::vector<std::string>*>(member);
    place.clear();
    for (uint64_t i = between(random, 0, 5); i > 0; --i)
      if (auto item = make(); std::find(place.begin(), place.end(), item) == place.end())
        place.push_back(item);
  };
  switch (rule.kind) {
    case value_kind::boolean:
      *std::get<bool*>(member) = between(random, 0, 1) == 0;
      break;
    case value_kind::integer:
    case value_kind::size:
    case value_kind::duration:
      std::visit(
        [&](auto* place) {
          using type = std::remove_pointer_t<decltype(place)>;
          const bool zero = rule.zero != nullptr && between(random, 0, 3) == 0;
          const auto value =
            zero ? 0
                 : between(random, (rule.least + rule.step - 1) / rule.step, rule.most / rule.step)
                     * rule.step;
          if constexpr (std::is_integral_v<type> && !std::is_same_v<type, bool>)
            *place = static_cast<type>(value);
          else if constexpr (std::is_same_v<type, std::chrono::nanoseconds>)
            *place = type(static_cast<int64_t>(value));
        },
        member);
      break;
    case value_kind::choice: {
      const auto names = choice_names(rule);
      *std::get<std::string*>(member) = names[between(random, 0, names.size() - 1)];
      break;
    }
    case value_kind::text:
      *std::get<std::string*>(member) = random_text(random);
      break;
    case value_kind::input_file:
      *std::get<std::string*>(member) =
        between(random, 0, 1) == 0 ? "" : folder.file("#in, \"put\"", "");
      break;
    case value_kind::output_file:
      *std::get<std::string*>(member) = between(random, 0, 2) == 0                ? ""
                                        : rule.dash && between(random, 0, 2) == 0 ? "-"
                                                                                  : name();
      break;
    case value_kind::folder:
      *std::get<std::string*>(member) = folder.folder("a ; b");
      break;
    case value_kind::names:
      list([&] { return "x" + random_text(random); });
      break;
    case value_kind::inputs:
      list([&] { return between(random, 0, 5) == 0 ? std::string("-") : name(); });
      break;
    case value_kind::choices: {
      const auto names = choice_names(rule);
      list([&] { return names[between(random, 0, names.size() - 1)]; });
      break;
    }
    case value_kind::networks:
      list([&] { return random_network(random); });
      break;
  }
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

CAF_TEST(what is dumped is read back to the same) {
  const scratch folder;
  generator random(2017);
  size_t contradictions = 0;
  for (int round = 0; round < 2000; ++round) {
    settings values;
    for (const auto& key : setting_keys())
      if (!instances_of(key, values).empty())
        randomise(key, values, random, folder);
    add_outputs(values, random, folder);
    settle_node(values, random);
    if (values.flows.idle_after.count() > 0
        && values.flows.closed_after > values.flows.idle_after) {
      std::swap(values.flows.closed_after, values.flows.idle_after);
      ++contradictions;
    }
    const auto text = dump_settings(values);
    const auto outcome = parse_settings(text, "dump", "/nowhere", {});
    if (!outcome.faults.empty() || !(outcome.values == values))
      CAF_FAIL("round " << round << ": "
                        << (outcome.faults.empty() ? "other values" : outcome.faults[0]) << "\n"
                        << text);
    if (dump_settings(outcome.values) != text)
      CAF_FAIL("round " << round << ": another dump of\n" << text);
  }
  CAF_CHECK(contradictions > 0);
}

CAF_TEST(overrides bring back any value) {
  const scratch folder;
  generator random(42);
  for (int round = 0; round < 2000; ++round) {
    const std::vector<std::string> names{"x" + random_text(random), "y" + random_text(random)};
    const auto filter = random_text(random);
    const auto outcome = parse_settings(
      "[scripts]\nenabled = false\n", "f", "/",
      {{"capture.interface", quote_settings(names)}, {"capture.filter", quote_setting(filter)}});
    CAF_REQUIRE(outcome.faults.empty());
    CAF_REQUIRE_EQUAL(outcome.values.capture.interface, names);
    CAF_REQUIRE_EQUAL(outcome.values.capture.filter, filter);
  }
}

CAF_TEST(the shipped file is the dump of the defaults) {
  settings defaults;
  defaults.scripts.root = "/ROOT";
  auto expected = dump_settings(defaults);
  const auto at = expected.find("root = /ROOT");
  CAF_REQUIRE_NOT_EQUAL(at, std::string::npos);
  expected.replace(at, std::string("root = /ROOT").size(), "root = ../scripts");
  CAF_CHECK_EQUAL(read_file(FLOWACTORS_SOURCE_DIR "/config/flowactors.ini"), expected);
}

CAF_TEST(every key is dumped once with type default and reload) {
  const auto text = dump_settings(settings{});
  for (const auto& key : setting_keys()) {
    const bool many = instances_of(key, settings{}).empty();
    const auto section = std::string(many ? "\n#[" : "\n[") + key.section + (many ? ".NAME]" : "]");
    const auto begin = text.find(section + "\n");
    CAF_REQUIRE_NOT_EQUAL(begin, std::string::npos);
    const auto at = text.find(std::string(many ? "\n#" : "\n") + key.name + " =", begin);
    CAF_REQUIRE_NOT_EQUAL(at, std::string::npos);
    const auto comment = text.rfind("\n\n", at);
    const auto about = text.substr(comment, at - comment);
    CAF_CHECK_NOT_EQUAL(about.find("# Type: " + expectation(key.rule) + "."), std::string::npos);
    CAF_CHECK_NOT_EQUAL(about.find("# Default: "), std::string::npos);
    CAF_CHECK_NOT_EQUAL(about.find(" Reload: "), std::string::npos);
  }
  size_t longest = 0;
  for (size_t from = 0; from < text.size(); from = text.find('\n', from) + 1)
    longest = std::max(longest, text.find('\n', from) - from);
  CAF_CHECK(longest <= 100);
}

CAF_TEST(relative paths are dumped absolute) {
  settings values;
  values.capture.read = {"a b.pcap", "-", "/c"};
  values.report.file = "-";
  values.log.file = "-";
  const auto here = std::filesystem::current_path().string();
  const auto text = dump_settings(values);
  for (const auto& line : {"read = \"" + here + "/a b.pcap\", -, /c\n", std::string("file = -\n"),
                           "file = " + here + "/-\n"})
    CAF_CHECK_NOT_EQUAL(text.find(line), std::string::npos);
}
