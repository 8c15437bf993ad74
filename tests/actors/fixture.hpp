#pragma once

#include "actors/messages.hpp"
#include "actors/supervisor.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

struct message_types : caf::actor_system_config {
  message_types() { add_message_types<caf::id_block::flowactors>(); }
};

/// A folder of inline scripts, a file that takes their output, and a supervisor on the
/// deterministic scheduler.
struct supervised : test_coordinator_fixture<message_types> {
  supervised() {
    std::string pattern = std::filesystem::temp_directory_path() / "flowactors-test-XXXXXX";
    root = mkdtemp(pattern.data());
    std::filesystem::create_directories(folder());
    output = memfd_create("output", MFD_CLOEXEC);
  }

  ~supervised() {
    anon_send_exit(boss, caf::exit_reason::kill);
    boss = nullptr;
    run();
    close(output);
    std::filesystem::remove_all(root);
  }

  /// Lets the actors take turns: left alone, the scheduler stays with one that has something to do.
  bool consume_message() override {
    if (sched.jobs.size() > 1)
      std::rotate(sched.jobs.begin(), sched.jobs.begin() + 1, sched.jobs.end());
    return sched.try_run_once();
  }

  std::filesystem::path folder() const { return root / "callbacks" / "user_scripts" / "inline"; }

  void write(const std::string& file, const std::string& text) {
    std::ofstream(folder() / file) << text;
  }

  /// A script that writes `word` and a newline for each flow created and ended.
  static std::string says(const std::string& word) {
    return "local M = {}\nfunction M.flowCreate() io.write('" + word + " new\\n') end\n"
           + "function M.flowDelete() io.write('" + word + " end\\n') end\nreturn M\n";
  }

  static std::string capture_file(const std::string& name) {
    return std::string(FLOWACTORS_SOURCE_DIR) + "/tests/captures/" + name;
  }

  /// A run over these files, one burst of at most 64 packets a poll.
  void start(std::vector<std::string> paths) {
    flowactors::supervisor_options options;
    options.values.capture.read = std::move(paths);
    options.values.scripts.root = root.string();
    options.values.flows.max = 1000;
    if (adjust)
      adjust(options.values);
    options.output = output;
    options.detached = false;
    options.slice = std::chrono::nanoseconds(0);
    options.interim = on_interim;
    options.reread = on_reread;
    options.on_batch = on_batch;
    options.done = [this](flowactors::run_result r) { result = std::move(r); };
    boss = sys.spawn(flowactors::supervisor, std::move(options));
    steps(2); // the supervisor sets up, and so does its capture actor
  }

  /// Lets so many messages be handled, or as many as there are.
  void steps(size_t n) {
    for (size_t i = 0; i < n; ++i)
      if (!consume_message())
        return;
  }

  /// Lets messages be handled until a script has spoken.
  void until_read() {
    while (lseek(output, 0, SEEK_END) == 0 && consume_message()) {
    }
    CAF_REQUIRE(!result);
  }

  /// The words that scripts wrote, with their number: "a new" -> 3.
  size_t lines(const std::string& line) {
    std::ifstream in("/proc/self/fd/" + std::to_string(output));
    size_t out = 0;
    for (std::string text; std::getline(in, text);)
      out += text == line;
    return out;
  }

  uint64_t count(const std::vector<flowactors::named_count>& counts, const std::string& name) {
    const auto at = std::ranges::find(counts, name, &flowactors::named_count::first);
    CAF_REQUIRE(at != counts.end());
    return at->second;
  }

  std::filesystem::path root;
  int output = -1;
  flowactors::supervisor_actor boss;
  std::function<void(flowactors::report)> on_interim;
  std::function<flowactors::settings_outcome()> on_reread;
  std::function<void()> on_batch;                    ///< see supervisor_options
  std::function<void(flowactors::settings&)> adjust; ///< changes what a run is started with
  std::optional<flowactors::run_result> result;
};
