#include "bench/script_runs.hpp"

#include "bench/naive_vm.hpp"
#include "bench/script_tree.hpp"
#include "lua/call_costs.hpp"
#include "lua/script_vm.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace flowactors::bench {

namespace {

constexpr size_t burst = 64; // calls one by one between two readings of the clock
constexpr size_t warm_up = 40'000;
constexpr int64_t time_of_run_ns = 60'000'000;

constexpr const char* callbacks[] = {"flowCreate", "flowProtocolDetected", "flowUpdate",
                                     "flowDelete"};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// `work` takes the number of a burst of `events` events.
template <class Work>
event_cost measure(size_t events, Work work) {
  size_t next = 0;
  while (next * events < warm_up)
    work(next++);
  std::vector<double> times;
  double sum = 0;
  for (const int64_t end = clock_ns() + time_of_run_ns; times.size() < 100 || clock_ns() < end;) {
    const int64_t start = clock_ns();
    work(next++);
    times.push_back(static_cast<double>(clock_ns() - start - clock_cost_ns())
                    / static_cast<double>(events));
    sum += times.back();
  }
  const double mean = sum / static_cast<double>(times.size());
  return {median(std::move(times)), mean};
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

} // namespace

script_runs::script_runs(std::vector<benched_script> scripts, flow_mix flows, event_mix events)
  : scripts_(std::move(scripts)), samples_(flows), stream_(samples_, events) {}

event_cost script_runs::ours(size_t size) {
  const script_tree tree;
  for (size_t i = 0; i < scripts_.size(); ++i)
    tree.add("script" + std::to_string(10 + i) + ".lua", scripts_[i].ours);
  script_vm_options options;
  options.root = tree.root();
  options.names = &samples_.names;
  options.text_arena = samples_.arena();
  auto made = script_vm::make(options);
  if (!made || !(*made)->load_faults().empty())
    fail(made ? (*made)->load_faults()[0].what : made.failure().what);
  script_vm& vm = **made;
  const event_cost cost = measure(size == 1 ? burst : size, [&](size_t number) {
    if (size != 1)
      vm.handle(stream_.batch(number, size));
    else
      for (const script_event& event : stream_.batch(number, burst))
        vm.handle(event.kind, *event.flow, event.now_ns);
    vm.flush();
  });
  for (const callback_costs& costs : vm.costs())
    if (costs.errors != 0 || costs.suspended != 0)
      fail(costs.script + ": " + costs.callback + " failed");
  return cost;
}

event_cost script_runs::naive() {
  std::vector<std::string> texts;
  for (const benched_script& script : scripts_)
    texts.push_back(script.naive);
  naive_vm vm{texts, samples_.names, samples_.arena()};
  return measure(burst, [&](size_t number) {
    for (const script_event& event : stream_.batch(number, burst))
      vm.handle(callbacks[static_cast<size_t>(event.kind)], *event.flow);
  });
}

event_cost median_of(const std::vector<event_cost>& costs) {
  std::vector<double> medians, means;
  for (const event_cost& cost : costs) {
    medians.push_back(cost.median);
    means.push_back(cost.mean);
  }
  return {median(std::move(medians)), median(std::move(means))};
}

} // namespace flowactors::bench
