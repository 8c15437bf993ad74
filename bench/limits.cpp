// What limits cost, and whether they hold: programs of numbers with and without them, and hostile
// scripts between two honest ones. Usage: bench-limits FOLDER [events], FOLDER = this folder.
#include "bench/hostile_run.hpp"
#include "bench/limit_costs.hpp"
#include "lua/script_limits.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

using namespace flowactors;

namespace {

constexpr double soon_ms = 5, late_ms = 50;
constexpr uint64_t room_kb = (64 + 1) * 1024;

std::vector<std::filesystem::path> scripts_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator{folder})
    if (entry.path().extension() == ".lua")
      out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

bool show_costs(const std::filesystem::path& folder) {
  std::printf("%-18s %10s %10s %8s\n", "program", "plain ms", "limited ms", "ratio");
  double sum = 0;
  const auto programs = scripts_of(folder);
  for (const auto& program : programs) {
    const auto cost = bench::cost_of_program(program);
    sum += std::log(cost.limited_ms / cost.plain_ms);
    std::printf("%-18s %10.2f %10.2f %8.2f\n", program.stem().c_str(), cost.plain_ms,
                cost.limited_ms, cost.limited_ms / cost.plain_ms);
  }
  const double mean = std::exp(sum / static_cast<double>(programs.size()));
  const auto call = bench::cost_of_call();
  const double counted = call.counted_ns - call.plain_ns, entered = call.entered_ns - call.plain_ns;
  std::printf("geometric mean %.2f (target 1.5, %s)\n", mean, mean <= 1.5 ? "held" : "missed");
  std::printf(
    "an empty call: %.1f ns; limits add %.1f ns in batches, %.1f ns one by one (target 5, %s)\n",
    call.plain_ns, counted, entered,
    entered <= 5   ? "held"
    : counted <= 5 ? "held in batches"
                   : "missed");
  return mean <= 1.5 && entered <= 5;
}

// The limits that calls broke, most of all first.
std::string kinds(const bench::hostile_figures& figures) {
  std::string out;
  for (size_t i = 0; i < limit_kind_count; ++i)
    if (figures.limits[i] != 0)
      out += std::string{out.empty() ? "" : " "} + to_string(static_cast<limit_kind>(i)) + ":"
             + std::to_string(figures.limits[i]);
  return out.empty() ? "-" : out;
}

bool show_hostile(const std::filesystem::path& folder, bench::delivery way, size_t events) {
  const auto honest = bench::run_hostile({}, way, events);
  std::printf("%s, %zu calls each: ms from deadline to interruption, the worst one\n",
              way == bench::delivery::one_by_one ? "one by one" : "in batches of 32", events);
  std::printf("%-18s %8s %8s %8s %9s %8s  %s\n", "script", "wall", "cpu", "peak MB", "rebuilds",
              "honest", "limits broken");
  size_t soon = 0, within = 0, same = 0, small = 0;
  const auto scripts = scripts_of(folder);
  for (const auto& script : scripts) {
    const auto found = bench::run_hostile(script, way, events);
    const bool equal = found.ended && found.honest_calls == honest.honest_calls
                       && std::strcmp(found.honest_result, honest.honest_result) == 0;
    soon += found.ended && found.worst_cpu_ms <= soon_ms;
    within += found.ended && found.worst_cpu_ms <= late_ms;
    same += equal;
    small += found.ended && found.grown_kb <= room_kb;
    std::printf("%-18s %8.2f %8.2f %8.1f %9lu %8s  %s\n", script.stem().c_str(), found.worst_ms,
                found.worst_cpu_ms, static_cast<double>(found.grown_kb) / 1024,
                static_cast<unsigned long>(found.rebuilds), equal ? "same" : "OTHER",
                found.ended ? kinds(found).c_str() : "the process died");
  }
  const size_t all = scripts.size();
  std::printf(
    "of %zu: %zu within 5 ms (target 36), %zu within 50 ms, %zu with honest scripts "
    "unharmed, %zu within 65 MB\n\n",
    all, soon, within, same, small);
  return soon >= 36 && within == all && same == all && small == all && honest.honest_calls != 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench-limits FOLDER [events]\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::filesystem::path folder = argv[1];
  const size_t events = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20;
  // Processes first: they are copies of this one, and it has no threads yet.
  bool held = show_hostile(folder / "hostile", bench::delivery::one_by_one, events);
  held &= show_hostile(folder / "hostile", bench::delivery::batches, events);
  held &= show_costs(folder / "numeric");
  return held ? 0 : 1;
}
