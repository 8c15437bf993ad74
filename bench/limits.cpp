// What limits cost, and whether they hold: programs of numbers with and without them, and hostile
// scripts between two honest ones. Usage: bench-limits FOLDER [events]
// [inline|batches|context|costs], FOLDER = this folder.
#include "bench/hostile_table.hpp"
#include "bench/limit_costs.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

using namespace flowactors;

namespace {

constexpr double most_ratio = 1.5, most_call_ns = 5;

const char* verdict(bool held) {
  return held ? "held" : "missed";
}

bool show_programs(const std::filesystem::path& folder) {
  std::printf("%-18s %10s %10s %8s\n", "program", "plain ms", "limited ms", "ratio");
  double sum = 0;
  const auto programs = bench::scripts_of(folder);
  for (const auto& program : programs) {
    const auto cost = bench::cost_of_program(program);
    sum += std::log(cost.limited_ms / cost.plain_ms);
    std::printf("%-18s %10.2f %10.2f %8.2f\n", program.stem().c_str(), cost.plain_ms,
                cost.limited_ms, cost.limited_ms / cost.plain_ms);
  }
  const double mean = std::exp(sum / static_cast<double>(programs.size()));
  std::printf("%-7s geometric mean of %zu: %.2f (target %.1f)\n", verdict(mean <= most_ratio),
              programs.size(), mean, most_ratio);
  return mean <= most_ratio;
}

bool show_call() {
  const auto call = bench::cost_of_call();
  const auto judge = [&](const char* way, double ns) {
    const bool held = ns - call.plain_ns <= most_call_ns;
    std::printf("%-7s an empty call, %s: %.1f ns, %.1f more than without limits (target %.0f)\n",
                verdict(held), way, ns, ns - call.plain_ns, most_call_ns);
    return held;
  };
  const bool in_batches = judge("in batches", call.counted_ns);
  return judge("one by one", call.entered_ns) && in_batches;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench-limits FOLDER [events] [inline|batches|context|costs]\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::filesystem::path folder = argv[1];
  const size_t events = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 10;
  const std::string part = argc > 3 ? argv[3] : "";
  const auto wanted = [&](const char* name) { return part.empty() || part == name; };
  bool held = true;
  // Processes first: they are copies of this one, and it has no threads yet.
  if (wanted("inline"))
    held &= bench::show_hostile(folder / "hostile", bench::inline_calls, events);
  if (wanted("batches"))
    held &= bench::show_hostile(folder / "hostile", bench::inline_batches, events);
  if (wanted("context"))
    held &= bench::show_hostile(folder / "hostile", bench::in_context, events);
  if (wanted("costs")) {
    held &= show_programs(folder / "numeric");
    held &= show_call();
  }
  return held ? 0 : 1;
}
