// A run whose context actors are killed at random: one in two by an exit message, between two
// batches, the other by an exception with a batch in hand.
//
// soak-chaos KILLS SEED ARGUMENT...: the arguments are those of flowactors, which ends (as by TERM)
// after so many kills, or with its inputs. HUP reloads. After what scripts wrote comes an object of
// JSON: `recoveries_ms`, from each kill to the successor's first answer, `thrown`, the kills by an
// exception, and the `report`. tools/soak and tests/e2e/mixes.py judge it.

#include "actors/command_line.hpp"
#include "actors/log.hpp"
#include "actors/process.hpp"
#include "actors/supervisor.hpp"
#include "actors/system.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <random>
#include <stdexcept>
#include <thread>

namespace {

using namespace flowactors;
using clock_type = std::chrono::steady_clock;

using boss_pointer = supervisor_actor::stateful_pointer<supervisor_state>;

/// Answers so many of these units later.
caf::behavior sleeper(caf::event_based_actor*, std::chrono::microseconds unit) {
  return {[unit](uint32_t count) {
    std::this_thread::sleep_for(count * unit);
    return true;
  }};
}

/// What the killer shares with contexts, and tells in the end.
struct toll {
  std::atomic<bool> curse = false; ///< who takes the next batch breaks down
  std::atomic<uint64_t> thrown = 0;
  std::vector<double> recoveries_ms;
};

/// Kills from within the supervisor's thread, where it can be seen who runs.
class killer {
public:
  killer(boss_pointer boss, uint64_t kills, uint32_t seed, toll& of)
    : boss_(boss), left_(kills), toll_(of), dice_(seed) {
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
    if (dice_() % 2 == 0)
      toll_.curse = true;
    else
      boss_->send_exit(all[dice_() % all.size()], caf::exit_reason::kill);
    look();
  }

  /// Until somebody new runs.
  void look() {
    for (const auto& each : boss_->state.contexts().handles())
      if (!toll_.curse && std::ranges::find(before_, each) == before_.end()) {
        boss_->request(each, caf::infinite, snapshot_atom_v)
          .then([this](const context_snapshot&) { recovered(); },
                [this](const caf::error&) { recovered(); });
        return;
      }
    wait(50, [this] { look(); });
  }

  void recovered() {
    const std::chrono::duration<double, std::milli> took = clock_type::now() - killed_at_;
    toll_.recoveries_ms.push_back(took.count());
    if (--left_ != 0)
      return begin();
    boss_->send(supervisor_actor(boss_), drain_atom_v);
  }

  boss_pointer boss_;
  uint64_t left_;
  toll& toll_;
  caf::actor clock_;
  std::mt19937 dice_;
  std::vector<context_actor> before_;
  clock_type::time_point killed_at_;
};

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
  if (argc < 4) {
    std::fprintf(stderr, "usage: soak-chaos KILLS SEED ARGUMENT...\n");
    return 2;
  }
  const signal_line signals;
  const auto kills = std::strtoull(argv[1], nullptr, 10);
  const auto seed = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const auto parsed = parse_command_line(argc - 2, argv + 2);
  const auto& line = parsed.line;
  const auto read = [&line] { return load_settings(line.config, line.overrides, line.defaults); };
  const auto loaded = read();
  for (const auto& what : loaded.faults)
    std::fprintf(stderr, "%s\n", what.c_str());
  if (parsed.stop || !loaded.faults.empty() || !log::start(loaded.values.log.level, "")) {
    std::fprintf(stderr, "%s", parsed.err.c_str());
    return 2;
  }
  toll of;
  std::promise<run_result> ended;
  {
    system_config config;
    caf::actor_system system{config};
    haunting chaos;
    chaos.options.values = loaded.values;
    chaos.options.reread = read;
    chaos.options.on_batch = [&of] {
      if (of.curse.exchange(false)) {
        ++of.thrown;
        throw std::runtime_error("cursed");
      }
    };
    chaos.options.done = [&](run_result r) { ended.set_value(std::move(r)); };
    chaos.begin = [&](boss_pointer boss) {
      boss->attach_functor([] { signal_line::wake(); });
      chaos.by = std::make_unique<killer>(boss, kills, seed, of);
      chaos.by->begin();
    };
    const auto boss = system.spawn<caf::detached>(haunted, &chaos);
    for (int number = 0; number != signal_line::wake_signal(); number = signals.next())
      if (number == SIGHUP)
        caf::anon_send(boss, reload_atom_v);
    system.await_all_actors_done();
  }
  const auto result = ended.get_future().get();
  for (const auto& what : result.failures)
    std::fprintf(stderr, "%s\n", what.c_str());
  std::string list;
  for (const double ms : of.recoveries_ms)
    list += (list.empty() ? "" : ",") + std::to_string(ms);
  std::printf("{\"recoveries_ms\":[%s],\"thrown\":%llu,\"report\":%s}\n", list.c_str(),
              static_cast<unsigned long long>(of.thrown), to_json(result.account).c_str());
  return result.failures.empty() ? 0 : 1;
}
