// A run whose context actors are killed at random while it replays at full speed.
//
// soak-chaos ROOT KILLS FILE: ROOT holds callbacks/user_scripts with a context `chaos`. After what
// scripts wrote comes a line of JSON: `recoveries_ms`, from each kill to the successor's first
// answer, and the `report`. tools/soak judges it.

#include "actors/log.hpp"
#include "actors/supervisor.hpp"
#include "actors/system.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <limits>
#include <random>
#include <thread>

namespace {

using namespace flowactors;
using clock_type = std::chrono::steady_clock;

constexpr uint32_t shards = 3;

using boss_pointer = supervisor_actor::stateful_pointer<supervisor_state>;

/// Answers so many of these units later.
caf::behavior sleeper(caf::event_based_actor*, std::chrono::microseconds unit) {
  return {[unit](uint32_t count) {
    std::this_thread::sleep_for(count * unit);
    return true;
  }};
}

/// Kills from within the supervisor's thread, where it can be seen who runs.
class killer {
public:
  killer(boss_pointer boss, uint64_t kills, std::vector<double>& recoveries_ms)
    : boss_(boss), left_(kills), recoveries_ms_(recoveries_ms) {
    clock_ = boss->spawn<caf::detached>(sleeper, std::chrono::microseconds(1));
    boss->attach_functor(
      [clock = clock_] { caf::anon_send_exit(clock, caf::exit_reason::user_shutdown); });
  }

  /// After a pause of up to 4 ms.
  void begin() {
    wait(static_cast<uint32_t>(dice_() % 4000), [this] { kill(); });
  }

private:
  void wait(uint32_t us, std::function<void()> then) {
    boss_->request(clock_, caf::infinite, us).then([then](bool) { then(); }, [](caf::error&) {});
  }

  void kill() {
    const auto all = boss_->state.contexts().handles();
    if (all.empty())
      return;
    before_ = all;
    killed_at_ = clock_type::now();
    boss_->send_exit(all[dice_() % all.size()], caf::exit_reason::kill);
    look();
  }

  /// Until somebody new runs.
  void look() {
    const auto now = boss_->state.contexts().handles();
    for (const auto& each : now)
      if (now.size() == before_.size() && std::ranges::find(before_, each) == before_.end()) {
        boss_->request(each, caf::infinite, snapshot_atom_v)
          .then([this](const context_snapshot&) { recovered(); },
                [this](const caf::error&) { recovered(); });
        return;
      }
    wait(50, [this] { look(); });
  }

  void recovered() {
    const std::chrono::duration<double, std::milli> took = clock_type::now() - killed_at_;
    recoveries_ms_.push_back(took.count());
    if (--left_ != 0)
      return begin();
    boss_->send(supervisor_actor(boss_), drain_atom_v);
  }

  boss_pointer boss_;
  uint64_t left_;
  std::vector<double>& recoveries_ms_;
  caf::actor clock_;
  std::mt19937 dice_{20261123};
  std::vector<context_actor> before_;
  clock_type::time_point killed_at_;
};

settings settings_of(const char* root, const char* file) {
  settings out;
  out.capture.read.assign(5000, file);
  out.scripts.root = root;
  auto& own = out.contexts["chaos"];
  own.shards = shards;
  own.restarts = std::numeric_limits<uint32_t>::max();
  own.deadline = std::chrono::seconds(1);
  out.flows.max = 5000; // so that each pass over the file makes flows anew
  out.shutdown.grace = std::chrono::seconds(60);
  return out;
}

/// A run, and who kills in it.
struct haunting {
  supervisor_options options;
  std::function<void(boss_pointer)> begin;
  std::unique_ptr<killer> by;
};

supervisor_actor::behavior_type haunted(boss_pointer self, haunting* with) {
  self->state.start(std::move(with->options));
  with->begin(self);
  return self->state.make_behavior();
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: soak-chaos ROOT KILLS FILE\n");
    return 2;
  }
  if (!log::start("off", ""))
    return 2;
  const auto kills = std::strtoull(argv[2], nullptr, 10);
  std::vector<double> recoveries_ms;
  std::promise<run_result> ended;
  {
    system_config config;
    caf::actor_system system{config};
    haunting chaos;
    chaos.options.values = settings_of(argv[1], argv[3]);
    chaos.options.done = [&](run_result r) { ended.set_value(std::move(r)); };
    chaos.begin = [&](boss_pointer boss) {
      chaos.by = std::make_unique<killer>(boss, kills, recoveries_ms);
      chaos.by->begin();
    };
    system.spawn<caf::detached>(haunted, &chaos);
    system.await_all_actors_done();
  }
  const auto result = ended.get_future().get();
  for (const auto& what : result.failures)
    std::fprintf(stderr, "%s\n", what.c_str());
  std::string list;
  for (const double ms : recoveries_ms)
    list += (list.empty() ? "" : ",") + std::to_string(ms);
  std::printf("{\"recoveries_ms\":[%s],\"report\":%s}\n", list.c_str(),
              to_json(result.account).c_str());
  return result.failures.empty() ? 0 : 1;
}
