#include "bench/callback_batches.hpp"

#include "bench/callback_cases.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

namespace flowactors::bench {

namespace {

constexpr std::array<size_t, 3> sizes{1, 64, 256};
constexpr std::array<size_t, 3> script_counts{1, 3, 10};
constexpr double share_of_naive = 3;

struct costs {
  std::array<event_cost, sizes.size()> ours; ///< by size of the batches
  event_cost naive;
};

// By turns, so that a slow minute of the machine strikes all.
costs measure(script_runs& runs, size_t repetitions) {
  std::array<std::vector<event_cost>, sizes.size()> ours;
  std::vector<event_cost> naive;
  for (size_t i = 0; i < repetitions; ++i) {
    for (size_t k = 0; k < sizes.size(); ++k)
      ours[k].push_back(runs.ours(sizes[k]));
    naive.push_back(runs.naive());
  }
  costs out;
  for (size_t k = 0; k < sizes.size(); ++k)
    out.ours[k] = median_of(ours[k]);
  out.naive = median_of(naive);
  return out;
}

void head(const char* what) {
  std::printf("\n%s\n%-24s %7s %8s | %8s %8s | %9s %6s | %7s\n", what, "", "scripts", "batch",
              "median", "mean", "target", "", "of 2017");
}

bool row(const std::string& name, size_t scripts, size_t size, const event_cost& cost,
         double target) {
  const bool held = cost.median <= target;
  const std::string batch = size == 1 ? "1 by 1" : std::to_string(size);
  std::printf("%-24s %7zu %8s | %8.1f %8.1f", name.c_str(), scripts, batch.c_str(), cost.median,
              cost.mean);
  if (target > 0)
    std::printf(" | %9.1f %6s", target, held ? "held" : "missed");
  else
    std::printf(" | %9s %6s", "", "");
  return held || target == 0;
}

void ratio(const event_cost& naive, const event_cost& ours) {
  std::printf(" | %7.1f\n", naive.median / ours.median);
}

event_cost shared_by(const event_cost& cost, size_t scripts) {
  const auto count = static_cast<double>(scripts);
  return {cost.median / count, cost.mean / count};
}

bool show_share(const callback_case& test, script_runs& runs, size_t repetitions) {
  std::vector<double> ratios;
  for (size_t i = 0; i < repetitions; ++i)
    ratios.push_back(runs.naive_to_ours());
  const auto [least, most] = std::ranges::minmax(ratios);
  const double found = median_of(std::move(ratios));
  const bool held = found >= test.share;
  std::printf("%-24s %7d %8s | %8.1f %8.1f | %9.1f %6s | %7.1f\n",
              (test.name + ", by turns").c_str(), 1, "1 by 1", least, most, test.share,
              held ? "held" : "missed", found);
  return held;
}

bool show(const callback_case& test, size_t scripts, size_t repetitions) {
  script_runs runs{std::vector(scripts, test.script), test.flows, event_mix::detections};
  const costs found = measure(runs, repetitions);
  const double targets[] = {test.targets.one_by_one, test.targets.in_64, test.targets.in_256};
  const event_cost naive = shared_by(found.naive, scripts);
  bool held = true;
  for (size_t k = 0; k < sizes.size(); ++k) {
    const event_cost ours = shared_by(found.ours[k], scripts);
    held &= row(test.name, scripts, sizes[k], ours, targets[k]);
    ratio(naive, ours);
  }
  if (test.share != 0 && scripts == 1)
    held &= show_share(test, runs, repetitions);
  std::printf("%-24s %7zu %8s | %8.1f %8.1f |\n", "", scripts, "2017", naive.median, naive.mean);
  return held;
}

// The targets of single calls against the way of 2017.
bool show(const std::string& name, std::vector<benched_script> scripts, bool judged,
          size_t repetitions) {
  const size_t count = scripts.size();
  script_runs runs{std::move(scripts), flow_mix::mixed, event_mix::life};
  const costs found = measure(runs, repetitions);
  bool held = true;
  for (size_t k = 0; k < sizes.size(); ++k) {
    held &=
      row(name, count, sizes[k], found.ours[k], judged ? found.naive.median / share_of_naive : 0);
    ratio(found.naive, found.ours[k]);
  }
  std::printf("%-24s %7zu %8s | %8.1f %8.1f |\n", "", count, "2017", found.naive.median,
              found.naive.mean);
  return held;
}

} // namespace

bool show_callbacks(size_t repetitions, std::string_view only) {
  head("ns a call, of one script");
  bool held = true;
  for (const callback_case& test : callback_cases()) {
    if (!test.name.starts_with(only))
      continue;
    for (const size_t scripts : script_counts)
      held &= show(test, scripts, repetitions);
  }
  return held;
}

bool show_realistic(const std::filesystem::path& folder, size_t repetitions) {
  head("ns an event, all scripts together");
  const auto scripts = realistic_scripts(folder);
  const bool held = show("realistic, together", scripts, true, repetitions);
  for (size_t i = 0; i < scripts.size(); ++i)
    show("script " + std::to_string(i + 1) + " alone", {scripts[i]}, false, 1);
  return held;
}

} // namespace flowactors::bench
