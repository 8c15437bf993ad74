// A run whose context actors are killed at random while it replays at full speed.
//
// bench-chaos ROOT KILLS FILE: ROOT holds callbacks/user_scripts with a context `chaos`. Prints
// what became of the events and how long recovery took, from the kill to the successor's first
// answer. Exit code 1 = a target was missed.

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

constexpr double most_p99_ms = 50;
constexpr uint32_t shards = 3;

using boss_pointer = supervisor_actor::stateful_pointer<supervisor_state>;

/// Kills from within the supervisor's thread, where it can be seen who runs.
class killer {
public:
  killer(boss_pointer boss, uint64_t kills, std::vector<double>& recoveries_ms)
    : boss_(boss), left_(kills), recoveries_ms_(recoveries_ms) {
    clock_ = boss->spawn<caf::detached>([]() -> caf::behavior {
      return {[](uint32_t us) {
        std::this_thread::sleep_for(std::chrono::microseconds(us));
        return true;
      }};
    });
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
  out.capture.read.assign(2000, file);
  out.scripts.root = root;
  auto& own = out.contexts["chaos"];
  own.shards = shards;
  own.restarts = std::numeric_limits<uint32_t>::max();
  out.shutdown.grace = std::chrono::seconds(60);
  return out;
}

uint64_t total(const std::vector<named_count>& kinds) {
  uint64_t out = 0;
  for (const auto& [kind, n] : kinds)
    out += n;
  return out;
}

bool told(const char* what, bool held) {
  std::printf("%s: %s\n", what, held ? "held" : "missed");
  return held;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bench-chaos ROOT KILLS FILE\n");
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
    auto options = std::make_shared<supervisor_options>();
    options->values = settings_of(argv[1], argv[3]);
    options->done = [&](run_result r) { ended.set_value(std::move(r)); };
    std::unique_ptr<killer> chaos;
    system.spawn<caf::detached>([&](boss_pointer self) -> supervisor_actor::behavior_type {
      self->state.start(std::move(*options));
      chaos = std::make_unique<killer>(self, kills, recoveries_ms);
      chaos->begin();
      return self->state.make_behavior();
    });
    system.await_all_actors_done();
  }
  const auto result = ended.get_future().get();
  uint64_t taken = 0, handled = 0, lost = 0;
  const auto& of_chaos = result.account.contexts.at(0);
  for (const auto& lane : of_chaos.lanes) {
    taken += total(lane.taken);
    handled += total(lane.handled);
    for (const auto& [reason, kinds] : lane.lost) {
      lost += total(kinds);
      if (total(kinds) != 0)
        std::printf("lost, %s: %llu\n", reason.c_str(),
                    static_cast<unsigned long long>(total(kinds)));
    }
  }
  std::ranges::sort(recoveries_ms);
  const auto at = [&](double share) {
    return recoveries_ms.empty() ? 0.0
                                 : recoveries_ms[static_cast<size_t>(
                                   share * static_cast<double>(recoveries_ms.size() - 1))];
  };
  std::printf("kills %zu, restarts %llu, events %llu, handled %llu, lost %llu\n",
              recoveries_ms.size(), static_cast<unsigned long long>(of_chaos.restarts),
              static_cast<unsigned long long>(taken), static_cast<unsigned long long>(handled),
              static_cast<unsigned long long>(lost));
  std::printf("time to recover: p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n", at(0.5), at(0.99),
              at(1));
  bool held =
    told("all kills were done", recoveries_ms.size() == kills && of_chaos.restarts >= kills);
  held &= told("every event handled once or lost by name", taken == handled + lost);
  held &= told("the ledger balances", result.account.balanced());
  held &= told("p99 at most 50 ms", at(0.99) <= most_p99_ms);
  return held ? 0 : 1;
}
