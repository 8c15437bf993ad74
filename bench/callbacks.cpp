// What a callback costs: through script_vm::handle, and in the way of 2017 (global, getglobal,
// pcall of a loader's closure, C functions that build tables field by field), with the same scripts
// on the same flows, alternately. Usage: bench-callbacks FOLDER
// [repetitions] [single|batches|realistic] [NAME], FOLDER = this folder; NAME: only callbacks in
// batches that begin with it.
#include "bench/callback_batches.hpp"
#include "bench/naive_vm.hpp"
#include "bench/sample_flows.hpp"
#include "lua/script_vm.hpp"

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

using namespace flowactors;

namespace {

constexpr size_t burst = 64;

struct test_case {
  const char* name;
  const char* script; ///< body of flowProtocolDetected
  bench::flow_mix mix;
};

constexpr test_case cases[] = {
  {"empty", "", bench::flow_mix::mixed},
  {"five fields",
   "sum = sum + flow.getNdpiProtoId() + flow.getFirstSeen() + flow.getLastSeen() + #flow.getNdpiProto() + #flow.getServerName()",
   bench::flow_mix::tls},
  {"dump, TCP", "last = flow.dump()", bench::flow_mix::tcp},
  {"dump, TLS", "last = flow.dump()", bench::flow_mix::tls},
  {"dump, HTTP", "last = flow.dump()", bench::flow_mix::http},
  {"dump, DNS", "last = flow.dump()", bench::flow_mix::dns},
  {"dump, mixed", "last = flow.dump()", bench::flow_mix::mixed},
};

std::string script_of(const test_case& test) {
  return std::string{
           "local callbacks = {}\nlocal sum, last = 0\nfunction callbacks.flowProtocolDetected()\n"}
         + test.script + "\nend\nreturn callbacks\n";
}

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
           std::chrono::steady_clock::now().time_since_epoch())
    .count();
}

double quantile(std::vector<double>& values, double share) {
  const auto place =
    values.begin() + static_cast<ptrdiff_t>(static_cast<double>(values.size() - 1) * share);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

struct figures {
  double
    mean_1000;   ///< ns, each call between two readings of the clock, the first 1,000 calls of a VM
  double median; ///< ns a call, over bursts
  double p99;
};

// The text of 2017: the average of 1,000 calls, the clock read around each.
template <class Call>
double mean_of_1000(Call call, std::vector<flow_record>& flows) {
  int64_t sum = 0;
  for (size_t i = 0; i < 1000; ++i) {
    const int64_t start = now_ns();
    call(flows[i % flows.size()]);
    sum += now_ns() - start;
  }
  return static_cast<double>(sum) / 1000;
}

// Called one by one, in bursts; what is done between bursts counts too, the clock does not.
template <class Call, class Between>
figures measure(Call call, Between between, std::vector<flow_record>& flows, size_t bursts) {
  figures out{};
  out.mean_1000 = mean_of_1000(call, flows);
  for (size_t i = 0; i < 20'000; ++i) {
    call(flows[i % flows.size()]);
    if (i % burst == 0)
      between();
  }
  std::vector<double> times(bursts);
  size_t next = 0;
  for (double& time : times) {
    const int64_t start = now_ns();
    for (size_t i = 0; i < burst; ++i)
      call(flows[next++ % flows.size()]);
    between();
    time = static_cast<double>(now_ns() - start) / burst;
  }
  out.median = quantile(times, 0.5);
  out.p99 = quantile(times, 0.99);
  return out;
}

class script_folder {
public:
  script_folder() {
    char name[] = "/tmp/flowactors-bench-XXXXXX";
    if (mkdtemp(name) == nullptr)
      std::exit(1);
    top_ = name;
    std::filesystem::create_directories(top_ / "callbacks/user_scripts/inline");
  }
  ~script_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(top_, ignored);
  }
  const std::filesystem::path& root() const { return top_; }
  void write(const std::string& text) const {
    std::ofstream{top_ / "callbacks/user_scripts/inline/bench.lua"} << text;
  }

private:
  std::filesystem::path top_;
};

figures measure_ours(const script_folder& folder, bench::sample_flows& samples, size_t bursts) {
  script_vm_options options;
  options.root = folder.root();
  options.names = &samples.names;
  options.text_arena = samples.arena();
  auto made = script_vm::make(options);
  if (!made || !(*made)->load_faults().empty()) {
    std::fprintf(stderr, "%s\n",
                 made ? (*made)->load_faults()[0].what.c_str() : made.failure().what.c_str());
    std::exit(1);
  }
  script_vm& vm = **made;
  int64_t time = samples.flows[0].last_seen_ns;
  const figures out =
    measure([&](flow_record& flow) { vm.handle(event_kind::detected, flow, ++time); },
            [&] { vm.flush(); }, samples.flows, bursts);
  for (const callback_costs& costs : vm.costs())
    if (costs.errors != 0) {
      std::fprintf(stderr, "%s failed %lu times\n", costs.callback.c_str(),
                   static_cast<unsigned long>(costs.errors));
      std::exit(1);
    }
  return out;
}

figures measure_naive(const std::string& script, bench::sample_flows& samples, size_t bursts) {
  bench::naive_vm vm{script, samples.names, samples.arena()};
  return measure([&](flow_record& flow) { vm.handle("flowProtocolDetected", flow); }, [] {},
                 samples.flows, bursts);
}

void run(const test_case& test, size_t repetitions) {
  bench::sample_flows samples{test.mix};
  const script_folder folder;
  const std::string script = script_of(test);
  folder.write(script);
  std::vector<double> ours[3], naive[3];
  const auto keep = [](std::vector<double>* into, const figures& got) {
    into[0].push_back(got.mean_1000);
    into[1].push_back(got.median);
    into[2].push_back(got.p99);
  };
  for (size_t i = 0; i < repetitions; ++i) {
    keep(ours, measure_ours(folder, samples, 30'000));
    keep(naive, measure_naive(script, samples, 5'000));
  }
  const double slowest = *std::ranges::max_element(ours[1]);
  double of_ours[3], of_naive[3];
  for (int i = 0; i < 3; ++i) {
    of_ours[i] = quantile(ours[i], 0.5);
    of_naive[i] = quantile(naive[i], 0.5);
  }
  std::printf("%-12s | %9.0f %8.1f %8.1f %8.1f | %9.0f %8.1f %8.1f | %6.1f\n", test.name,
              of_ours[0], of_ours[1], of_ours[2], slowest, of_naive[0], of_naive[1], of_naive[2],
              of_naive[1] / of_ours[1]);
  std::fflush(stdout);
}

void show_single_calls(size_t repetitions) {
  std::printf("ns a call; medians of %zu repetitions, ours and the way of 2017 alternately\n",
              repetitions);
  std::printf("%-12s | %37s | %28s | ratio of\n", "", "flowactors", "2017");
  std::printf("%-12s | %9s %8s %8s %8s | %9s %8s %8s | medians\n", "callback", "mean 1000",
              "median", "p99", "slowest", "mean 1000", "median", "p99");
  for (const test_case& test : cases)
    run(test, repetitions);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr,
                 "usage: bench-callbacks FOLDER [repetitions] [single|batches|realistic] [NAME]\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::filesystem::path folder = argv[1];
  const size_t repetitions = argc > 2 ? std::max(1, std::atoi(argv[2])) : 7;
  const std::string part = argc > 3 ? argv[3] : "";
  bool held = true;
  if (part.empty() || part == "single")
    show_single_calls(repetitions);
  if (part.empty() || part == "batches")
    held &= bench::show_callbacks(repetitions, argc > 4 ? argv[4] : "");
  if (part.empty() || part == "realistic")
    held &= bench::show_realistic(folder / "realistic", repetitions);
  return held ? 0 : 1;
}
