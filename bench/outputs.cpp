// What records cost: the copy that a capture makes of a flow, the JSON that the output makes of it,
// and a whole output into a file, with one thread that produces and one that writes. Nanoseconds a
// record, the best of five runs; the flows are those of tests/captures.

#include "capture/source.hpp"
#include "capture/tracker.hpp"
#include "outputs/record_output.hpp"
#include "outputs/record_ports.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <thread>

using namespace flowactors;

namespace {

using clock_type = std::chrono::steady_clock;

/// Keeps the flows that have ended.
class collector final : public event_handler {
public:
  explicit collector(const char* arena) : arena_(arena) {}
  event_mask interest() const noexcept override { return mask_of(event_kind::ended); }
  void handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept override {
    const auto* text = reinterpret_cast<const flow_text*>(arena_ + size_t{flow.text} * 16);
    flows.add(flow_event{kind, now_ns, &flow, text});
  }
  record_batch flows;

private:
  const char* arena_;
};

template <class Work>
double best_ns(size_t records, Work work) {
  double best = std::numeric_limits<double>::max();
  for (int run = 0; run < 5; ++run) {
    const auto since = clock_type::now();
    work();
    const std::chrono::duration<double, std::nano> took = clock_type::now() - since;
    best = std::min(best, took.count() / static_cast<double>(records));
  }
  return best;
}

void print(const char* what, double ns) {
  std::printf("%-44s %8.0f ns  %9.0f records/s\n", what, ns, 1e9 / ns);
}

/// A producer as fast as it can, and an output, until all is written.
void run_output(const catalog& names, const record_batch& flows, size_t rounds,
                const std::string& path) {
  record_queue_options options;
  options.patient = true;
  options.flows = mask_of(event_kind::ended);
  auto queue = std::make_shared<record_queue>(options, nullptr);
  record_output output(queue, make_file_sink({path, 0, 0}), &names, 0);
  if (!output.open(clock_type::now()))
    return;
  std::thread producer([&] {
    record_ports ports({queue});
    for (size_t i = 0; i < rounds; ++i)
      flows.each([&ports](const auto& record) { ports.add(record); });
    ports.flush();
  });
  while (queue->counters().written < rounds * flows.count())
    if (output.work(clock_type::now()).next == record_output::turn::kind::idle)
      std::this_thread::yield();
  producer.join();
}

} // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "tests/captures";
  auto flows = tracker::make({});
  auto from = open_path(folder, "");
  if (!flows || !from) {
    std::fprintf(stderr, "bench-outputs: %s can't be read\n", folder.c_str());
    return 1;
  }
  collector found((*flows)->text_arena());
  std::array<frame, 64> frames{};
  while (!(*from)->at_end())
    if (auto n = (*from)->read(frames); n && *n != 0)
      (*flows)->process(std::span(frames).first(*n), found);
  (*flows)->finish(end_reason::end_of_input, found);
  const auto& names = (*flows)->names();
  constexpr size_t rounds = 2000;
  const size_t records = rounds * found.flows.count();

  record_batch copy;
  print("a flow's record, copied", best_ns(records, [&] {
          for (size_t i = 0; i < rounds; ++i) {
            copy.clear();
            found.flows.each([&copy](const auto& record) { copy.add(record); });
          }
        }));
  record_json json(&names, 0);
  print("a flow's record as JSON", best_ns(records, [&] {
          for (size_t i = 0; i < rounds; ++i)
            json.write(found.flows);
        }));
  std::vector<nlohmann::ordered_json> trees;
  size_t from_byte = 0;
  for (const size_t end : json.line_ends()) {
    trees.push_back(nlohmann::ordered_json::parse(json.text().substr(from_byte, end - from_byte)));
    from_byte = end;
  }
  size_t bytes = 0;
  print("  a ready tree written by nlohmann's library", best_ns(records, [&] {
          for (size_t i = 0; i < rounds; ++i)
            for (const auto& tree : trees)
              bytes += tree.dump().size();
        }));
  record_batch emits;
  for (size_t i = 0; i < 1000; ++i)
    emits.add(
      script_record{"inline", "a.lua", R"({"alert":"old TLS","dest_ip":"10.0.0.1"})", 1, 7, 0});
  print("what a script emitted as JSON", best_ns(1000 * rounds, [&] {
          for (size_t i = 0; i < rounds; ++i)
            json.write(emits);
        }));
  print("flows through an output to /dev/null",
        best_ns(records, [&] { run_output(names, found.flows, rounds, "/dev/null"); }));
  const std::string path = "/tmp/bench-outputs.json";
  print("flows through an output to a file", best_ns(records, [&] {
          run_output(names, found.flows, rounds, path);
          ::unlink(path.c_str());
        }));
  return bytes == 0;
}
