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
constexpr size_t bursts_of_turn = 100, turns = 150, warm_up_turns = 10;

constexpr const char* callbacks[] = {"flowCreate", "flowProtocolDetected", "flowUpdate",
                                     "flowDelete"};

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
  return {median_of(std::move(times)), mean};
}

std::vector<std::string> naive_texts(const std::vector<benched_script>& scripts) {
  std::vector<std::string> texts;
  for (const benched_script& script : scripts)
    texts.push_back(script.naive);
  return texts;
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

} // namespace

script_runs::script_runs(std::vector<benched_script> scripts, flow_mix flows, event_mix events)
  : scripts_(std::move(scripts)), samples_(flows), stream_(samples_, events) {}

std::unique_ptr<script_vm> script_runs::make_vm() const {
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
  return std::move(*made);
}

void script_runs::run_one_by_one(script_vm& vm, size_t number) {
  for (const script_event& event : stream_.batch(number, burst))
    vm.handle(event.kind, *event.flow, event.now_ns);
  vm.flush();
}

void script_runs::run_naive(naive_vm& vm, size_t number) {
  for (const script_event& event : stream_.batch(number, burst))
    vm.handle(callbacks[static_cast<size_t>(event.kind)], *event.flow);
}

event_cost script_runs::ours(size_t size) {
  const auto vm = make_vm();
  const event_cost cost = measure(size == 1 ? burst : size, [&](size_t number) {
    if (size == 1)
      return run_one_by_one(*vm, number);
    vm->handle(stream_.batch(number, size));
    vm->flush();
  });
  for (const callback_costs& costs : vm->costs())
    if (costs.errors != 0 || costs.suspended != 0)
      fail(costs.script + ": " + costs.callback + " failed");
  return cost;
}

event_cost script_runs::naive() {
  naive_vm vm{naive_texts(scripts_), samples_.names, samples_.arena()};
  return measure(burst, [&](size_t number) { run_naive(vm, number); });
}

double script_runs::naive_to_ours() {
  const auto vm = make_vm();
  naive_vm old{naive_texts(scripts_), samples_.names, samples_.arena()};
  size_t number = 0;
  const auto time_of_turn = [&](auto run) {
    const int64_t start = clock_ns();
    for (size_t i = 0; i < bursts_of_turn; ++i)
      run(++number);
    return static_cast<double>(clock_ns() - start);
  };
  std::vector<double> ratios;
  for (size_t turn = 0; turn < warm_up_turns + turns; ++turn) {
    const double ours = time_of_turn([&](size_t k) { run_one_by_one(*vm, k); });
    const double naive = time_of_turn([&](size_t k) { run_naive(old, k); });
    if (turn >= warm_up_turns)
      ratios.push_back(naive / ours);
  }
  return median_of(std::move(ratios));
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

event_cost median_of(const std::vector<event_cost>& costs) {
  std::vector<double> medians, means;
  for (const event_cost& cost : costs) {
    medians.push_back(cost.median);
    means.push_back(cost.mean);
  }
  return {median_of(std::move(medians)), median_of(std::move(means))};
}

} // namespace flowactors::bench
