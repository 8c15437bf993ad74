#include "bench/hostile_run.hpp"

#include "bench/sample_flows.hpp"
#include "bench/script_tree.hpp"
#include "lua/script_vm.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace flowactors::bench {

namespace {

// What it makes of an event goes into the store, which outlives a VM that had to be left.
std::string honest_script(const char* key) {
  return std::string{"local M, key = {}, '"} + key + R"('
local function note(factor)
  local before = tonumber(ntop.getCache(key)) or 0
  ntop.setCache(key, tostring((before * factor + flow.getFirstSeen() + #flow.getNdpiProto()) % 1000003))
end
function M.flowCreate() note(31) end
function M.flowUpdate() note(37) end
return M
)";
}

double now_ms(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

uint64_t peak_kb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss);
}

void fill(const script_tree& tree, const std::filesystem::path& hostile) {
  tree.add("a_honest.lua", honest_script("before"));
  if (!hostile.empty())
    tree.add("b_hostile.lua", text_of_file(hostile));
  tree.add("c_honest.lua", honest_script("after"));
}

// The events of one creation: alone, or at the head of a batch.
class feeder {
public:
  feeder(script_vm& vm, std::vector<flow_record>& flows, size_t batch)
    : vm_(vm), flows_(flows), batch_(batch) {}

  void feed(size_t number) {
    flow_record& flow = flows_[number % flows_.size()];
    if (batch_ == 1)
      return vm_.handle(event_kind::created, flow, flow.last_seen_ns);
    std::vector<script_event> events(batch_);
    for (size_t i = 0; i < batch_; ++i) {
      flow_record& of = flows_[(number + i) % flows_.size()];
      events[i] = {&of, of.last_seen_ns, i == 0 ? event_kind::created : event_kind::updated};
    }
    vm_.handle(std::span<const script_event>{events});
  }

private:
  script_vm& vm_;
  std::vector<flow_record>& flows_;
  size_t batch_;
};

void count(const script_vm& vm, hostile_figures& out) {
  for (const callback_costs& costs : vm.costs())
    if (costs.script == "b_hostile.lua") {
      out.errors += costs.errors;
      std::copy(costs.limits.begin(), costs.limits.end(), out.limits);
    } else {
      out.honest_calls += costs.calls - costs.errors;
    }
  out.rebuilds = vm.rebuilds();
}

hostile_figures measure(const std::filesystem::path& script, const treatment& under,
                        size_t events) {
  hostile_figures out;
  sample_flows samples{flow_mix::mixed};
  const script_tree tree;
  fill(tree, script);
  script_vm_options options;
  options.root = tree.root();
  options.names = &samples.names;
  options.text_arena = samples.arena();
  options.store = std::make_shared<value_store>();
  options.limits.on_limit = limit_action::keep;
  options.limits.deadline = under.deadline;
  const uint64_t before_kb = peak_kb();
  auto made = script_vm::make(options);
  if (!made || !(*made)->load_faults().empty()) {
    std::fprintf(stderr, "%s\n",
                 made ? (*made)->load_faults()[0].what.c_str() : made.failure().what.c_str());
    return out;
  }
  script_vm& vm = **made;
  feeder feed{vm, samples.flows, under.batch};
  const double deadline = static_cast<double>(options.limits.deadline.count()) / 1e6;
  for (size_t i = 0; i < events; ++i) {
    const double wall = now_ms(CLOCK_MONOTONIC), cpu = now_ms(CLOCK_THREAD_CPUTIME_ID);
    feed.feed(i);
    out.worst_ms = std::max(out.worst_ms, now_ms(CLOCK_MONOTONIC) - wall - deadline);
    out.worst_cpu_ms = std::max(out.worst_cpu_ms, now_ms(CLOCK_THREAD_CPUTIME_ID) - cpu - deadline);
    vm.flush();
  }
  count(vm, out);
  out.honest_events = 2 * events * under.batch;
  out.grown_kb = peak_kb() - before_kb;
  std::string first, second;
  options.store->get("before", first);
  options.store->get("after", second);
  std::snprintf(out.honest_result, sizeof(out.honest_result), "%s %s", first.c_str(),
                second.c_str());
  out.ended = true;
  return out;
}

} // namespace

hostile_figures run_hostile(const std::filesystem::path& script, const treatment& under,
                            size_t events) {
  hostile_figures out;
  int ends[2];
  if (pipe(ends) != 0)
    return out;
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    out = measure(script, under, events);
    _exit(write(ends[1], &out, sizeof(out)) == sizeof(out) ? 0 : 1);
  }
  close(ends[1]);
  if (child < 0 || read(ends[0], &out, sizeof(out)) != sizeof(out))
    out = {};
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return out;
}

} // namespace flowactors::bench
