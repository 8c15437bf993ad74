#define CAF_SUITE lua_attacks_on_limits
#include "tests/lua/attack_fixture.hpp"
#include "tests/suite.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iterator>

// Scripts that work long where no check stands, or hold back the errors of limits.

using namespace flowactors;
using namespace flowactors::test;

namespace {

const jit_mode both[] = {jit_mode::on, jit_mode::off};

script_vm_options limited(jit_mode mode) {
  auto options = running::with(mode, nullptr, nullptr);
  options.limits.on_limit = limit_action::stop;
  options.limits.deadline = std::chrono::milliseconds(50);
  options.limits.load_deadline = std::chrono::seconds(20);
  options.limits.output = 0; // its bound is that of all scripts together: a quick attack uses it up
  return options;
}

uint64_t broken_by_attack(const running& aut) {
  uint64_t count = 0;
  const auto costs = aut.vm->costs();
  for (const uint64_t of_kind : costs.front().limits)
    count += of_kind;
  return count;
}

long resident_pages() {
  long all = 0, resident = 0;
  std::ifstream{"/proc/self/statm"} >> all >> resident;
  return resident;
}

void try_on(const attack& tried, jit_mode mode, const attack& whole) {
  CAF_MESSAGE(tried.name);
  script_tree tree;
  tree.write("attack.lua", callback(whole));
  tree.write("honest.lua", honest);
  running aut{tree, limited(mode)};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_REQUIRE(aut.vm->load_faults().empty());
  flow_record flow{};
  aut.vm->handle(event_kind::created, flow, 0);
  CAF_CHECK_EQUAL(broken_by_attack(aut), 1u);
  // On a loaded machine the watchdog may be quicker than the error.
  CAF_CHECK_LESS(aut.vm->rebuilds(), 2u);
  aut.vm->flush();
  CAF_CHECK_EQUAL(aut.said.written.substr(aut.said.written.find('<')), honest_text(1));
  CAF_CHECK_EQUAL(aut.said.written.find("SWALLOWED"), std::string::npos);
}

std::string attack_list() {
  constexpr size_t longest_line = 150;
  std::string out;
  for (const attack_group& group : attack_groups) {
    std::string line = std::string{"- "} + group.title + ":";
    for (const attack& tried : group.attacks) {
      const std::string item =
        std::string{" "} + tried.name + (&tried == &group.attacks.back() ? "." : ";");
      if (line.size() + item.size() > longest_line) {
        out += line + "\n";
        line = " ";
      }
      line += item;
    }
    out += line + "\n";
  }
  return out;
}

} // namespace

CAF_TEST(long calls of single functions end by an error) {
  for (const attack& tried : lengthy)
    for (const auto mode : both)
      try_on(tried, mode, tried);
}

CAF_TEST(the error of a limit is held back by nothing) {
  for (const attack& tried : swallowing)
    for (const auto mode : both) {
      const std::string text = std::string{tried.text} + "\nio.write('SWALLOWED')";
      try_on(tried, mode, {tried.name, text.c_str(), tried.setup});
    }
}

// The countdown has become long in the first loop; no check and no allocation comes in the second.
CAF_TEST(what the watchdog ends costs little memory and weighs as much as many breaches) {
  const attack slow{"",
                    "local i = 0 for k = 1, 1e5 do end "
                    "while true do i = i + 1 local a, b = c[i % 2], c[(i + 1) % 2] "
                    "local _ = d < a or d < b or e < a or e < b end",
                    "a = ('x'):rep(1e6) a = a .. a "
                    "c, d, e = {[0] = a .. 'b', a .. 'c'}, a .. 'd', a .. 'e'"};
  script_tree tree;
  tree.write("attack.lua", callback(slow));
  tree.write("honest.lua", honest);
  auto options = limited(jit_mode::automatic);
  options.limits.on_limit = limit_action::keep;
  options.limits.deadline = std::chrono::milliseconds(5);
  running aut{tree, options};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  aut.run(event_kind::created, flow);
  const long before = resident_pages();
  for (int i = 0; i < 5; ++i)
    aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.vm->rebuilds(), 6u);
  CAF_CHECK_LESS((resident_pages() - before) * sysconf(_SC_PAGESIZE), 20 << 20);
  options.limits.on_limit = limit_action::suspend;
  running other{tree, options};
  CAF_REQUIRE(other.vm != nullptr);
  other.run(event_kind::created, flow);
  const auto conditions = other.vm->conditions();
  CAF_CHECK_EQUAL(conditions.front().state, "suspended");
}

CAF_TEST(what a script says of itself is cut) {
  script_tree tree;
  tree.write("a.lua",
             "local long = ('x'):rep(1e6)\nlocal M = {}\n"
             "function M.flowCreate() error(long) end\n"
             "function M.flowUpdate() print(long) io.stderr:write(long) log.info(long) "
             "ntop.syslog(0, long) io.write(long) end\nreturn M\n");
  tree.write("b.lua", "error(('x'):rep(1e6))");
  tree.write("c.lua",
             "local M = {} for i = 1, 1000 do M['name' .. i] = print end "
             "M[('x'):rep(1000)] = print return M");
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  aut.run(event_kind::created, flow);
  CAF_REQUIRE_EQUAL(aut.said.faults.size(), 1u);
  CAF_CHECK_LESS(aut.said.faults[0].text.size(), 6000u);
  aut.said.lines.clear();
  aut.run(event_kind::updated, flow);
  CAF_REQUIRE_EQUAL(aut.said.lines.size(), 4u);
  for (const auto& line : aut.said.lines)
    CAF_CHECK_EQUAL(line.text.size(), 65536u);
  CAF_CHECK_EQUAL(aut.said.written.size(), 1'000'000u);
  CAF_REQUIRE_EQUAL(aut.vm->load_faults().size(), 1u);
  CAF_CHECK_LESS(aut.vm->load_faults()[0].what.size(), 6000u);
  CAF_CHECK_EQUAL(aut.vm->unknown_callbacks().size(), 20u);
}

CAF_TEST(lines of the log count with what is written) {
  script_tree tree;
  tree.write("a.lua", "return {flowCreate = function() print(('x'):rep(1000)) end}");
  auto options = running::with(jit_mode::automatic, nullptr, nullptr);
  options.limits.output = 5'500;
  options.limits.on_limit = limit_action::keep;
  running aut{tree, running::patient(options)};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow{};
  for (int i = 0; i < 10; ++i)
    aut.run(event_kind::created, flow);
  CAF_CHECK_EQUAL(aut.said.lines.size(), 6u); // five, and the one that tells of the rest
  CAF_CHECK_EQUAL(aut.vm->output_dropped(), 5'000u);
}

// With FLOWACTORS_ACCEPT set the list is written anew.
CAF_TEST(the documentation lists every attack) {
  const auto path = std::filesystem::path{FLOWACTORS_SOURCE_DIR} / "docs/sandbox.md";
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const std::string first = "<!-- the list of tests/lua/attack_lists.hpp -->\n",
                    last = "<!-- end -->";
  const size_t begin = text.find(first), end = text.find(last);
  CAF_REQUIRE(begin != std::string::npos && end != std::string::npos && begin < end);
  const size_t from = begin + first.size();
  const std::string listed = text.substr(from, end - from);
  const std::string made = attack_list();
  CAF_CHECK(listed == made);
  if (std::getenv("FLOWACTORS_ACCEPT") != nullptr)
    std::ofstream{path, std::ios::binary} << text.substr(0, from) << made << text.substr(end);
}
