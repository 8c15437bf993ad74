#include "actors/check.hpp"
#include "actors/command_line.hpp"
#include "actors/control.hpp"
#include "actors/ctl.hpp"
#include "actors/log.hpp"
#include "actors/process.hpp"
#include "actors/script_new.hpp"
#include "actors/script_test.hpp"
#include "actors/supervisor.hpp"
#include "actors/system.hpp"
#include "outputs/summary.hpp"

#include <unistd.h>

#include <cstdio>
#include <future>
#include <iterator>
#include <optional>
#include <string_view>

namespace {

using namespace flowactors;
using steady = std::chrono::steady_clock;

/// Text for a stream; false if it could not be written whole.
bool put(std::FILE* stream, const std::string& text) {
  return std::fputs(text.c_str(), stream) >= 0 && std::fflush(stream) == 0;
}

int refuse(const std::vector<std::string>& problems) {
  for (const auto& problem : problems)
    put(stderr, "flowactors: " + problem + "\n");
  return exit_codes::usage;
}

/// What is wrong with the settings only when they are to be run.
std::vector<std::string> check_start(const settings& values) {
  std::vector<std::string> problems;
  if (values.capture.read.empty() && values.capture.interface.empty() && values.node.listen.empty())
    problems.push_back(
      "found no input, expected a capture file (-r FILE) or an interface (-i IFACE), or capture.read or "
      "capture.interface in the configuration file (-c FILE)");
  if (auto filter = check_filter(values.capture.filter); !filter)
    problems.push_back(filter.failure().what);
  return problems;
}

int test(const settings& values) {
  auto problems = check_run(values);
  if (!problems.empty())
    return refuse(problems);
  put(stderr, "flowactors: configuration and scripts are in order\n");
  return exit_codes::ok;
}

void print_summary(const report& from) {
  log::show_progress({});
  put(stderr, summary(from, log::on_terminal()));
}

/// Hands signals to the supervisor until the run is over.
std::optional<run_result> attend(const signal_line& signals, supervisor_actor boss,
                                 std::future<run_result> result) {
  int stops = 0;
  for (;;) {
    const int number = signals.next();
    if (number == signal_line::wake_signal())
      break;
    if (number == SIGHUP) {
      caf::anon_send(boss, reload_atom_v);
    } else if (number == SIGUSR1) {
      caf::anon_send(boss, snapshot_atom_v);
    } else if (++stops == 1) {
      caf::anon_send(boss, drain_atom_v);
    } else if (stops == 2) {
      log::warning("main", "ends at once", "",
                   "the second signal; what contexts still have is lost");
      caf::anon_send(boss, give_up_atom_v);
    } else {
      log::show_progress({});
      log::error("main", "ends at once", "",
                 "the third signal; there is no report, and what was read last is lost");
      ::_exit(exit_codes::failed);
    }
  }
  if (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    return std::nullopt; // the supervisor broke down
  return result.get();
}

std::optional<run_result> run(const settings& values, std::function<settings_outcome()> reread,
                              const signal_line& signals, control_server* control,
                              steady::time_point since) {
  system_config config{true}; // a reload may bring links
  caf::actor_system system{config};
  auto result = std::make_shared<std::promise<run_result>>();
  supervisor_options options;
  options.values = values;
  options.reread = std::move(reread);
  options.progress = values.capture.interface.empty() && log::on_terminal();
  options.interim = [since](report account) {
    add_usage(account, since);
    print_summary(account);
  };
  options.done = [result](run_result outcome) { result->set_value(std::move(outcome)); };
  // Contexts share the threads of the scheduler; nobody waits for them to get a word in.
  auto boss = system.spawn<caf::detached>(supervisor, std::move(options));
  boss->attach_functor([](const caf::error&) { signal_line::wake(); });
  if (control != nullptr)
    control->start(control_answers(system, boss));
  auto outcome = attend(signals, std::move(boss), result->get_future());
  if (control != nullptr)
    control->stop(); // it asks actors of this system
  return outcome;
}

/// Writes the report and says how the process ends.
int conclude(const settings& values, std::optional<run_result> outcome, steady::time_point since) {
  if (!outcome) {
    put(stderr, "flowactors: the supervisor broke down; there is no account of this run\n");
    return exit_codes::failed;
  }
  auto& account = outcome->account;
  add_usage(account, since);
  bool failed = !outcome->failures.empty();
  if (values.report.summary)
    print_summary(account);
  if (!values.report.file.empty()) {
    const auto written = write_whole(values.report.file, to_json(account));
    if (!written) {
      put(stderr, "flowactors: report: " + written.failure().what + "\n");
      failed = true;
    }
  }
  if (failed)
    return exit_codes::failed;
  if (values.report.strict_ledger && !account.balanced()) {
    if (!values.report.summary)
      print_summary(account);
    return exit_codes::unbalanced;
  }
  return exit_codes::ok;
}

} // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view{argv[1]} == "test")
    return test_scripts(argc - 1, argv + 1);
  if (argc > 1 && std::string_view{argv[1]} == "new")
    return make_script(argc - 1, argv + 1);
  if (argc > 1 && std::string_view{argv[1]} == "ctl")
    return control_client(argc - 1, argv + 1);
  const auto since = steady::now();
  const signal_line signals; // before anything can start a thread
  auto parsed = parse_command_line(argc, argv);
  if (parsed.stop) {
    put(stderr, parsed.err);
    return put(stdout, parsed.out) ? parsed.exit_code : exit_codes::failed;
  }
  const auto& line = parsed.line;
  auto loaded = load_settings(line.config, line.overrides, line.defaults);
  if (!loaded.faults.empty())
    return refuse(loaded.faults);
  const auto& values = loaded.values;
  if (line.dump_config)
    return put(stdout, dump_settings(values)) ? exit_codes::ok : exit_codes::failed;
  if (line.test_only)
    return test(values);
  if (auto problems = check_start(values); !problems.empty())
    return refuse(problems);
  if (auto started = log::start(values.log.level, values.log.file); !started)
    return refuse({started.failure().what});
  std::unique_ptr<control_server> control;
  if (!values.control.socket.empty()) {
    auto listening = control_server::listen(values.control.socket);
    if (!listening)
      return refuse({listening.failure().what});
    control = std::move(listening).value();
  }
  const auto reread = [&line] { return load_settings(line.config, line.overrides, line.defaults); };
  return conclude(values, run(values, reread, signals, control.get(), since), since);
}
