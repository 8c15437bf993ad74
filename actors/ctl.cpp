#include "actors/ctl.hpp"

#include "actors/cluster_json.hpp"
#include "actors/command_line.hpp"
#include "actors/ctl_connection.hpp"
#include "actors/ctl_text.hpp"

#include <CLI/CLI.hpp>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace flowactors {

namespace {

using json = nlohmann::ordered_json;

constexpr const char* about = "Asks and tells a running flowactors through its control socket.";

constexpr const char* closing =
  "Commands:\n"
  "  status    inputs, packets, flows, outputs, the last reload\n"
  "  ledger    the equations; exit code 3 if they do not balance\n"
  "  scripts   what each callback costs, and how each script is doing\n"
  "  contexts  the contexts and their scripts\n"
  "  report    the whole report so far, as JSON\n"
  "  top       rates and costs, a picture each second, until Ctrl-C\n"
  "  reload    loads the scripts anew, as HUP does, and says what came of it\n"
  "  stop      ends the run, as TERM does\n"
  "\n"
  "Exit codes: 0 done, 1 no answer, a refusal or nothing was loaded, 2 a wrong command line,\n"
  "3 the ledger does not balance.";

/// A reload may wait for captures; the program's own patience is a little shorter.
constexpr std::chrono::seconds patience{70};

struct ctl_order {
  std::string command;
  std::string socket;
  std::string config;
  bool as_json = false;
  bool cluster = false; ///< all nodes
  double interval_s = 1;
  uint64_t pictures = 0; ///< 0 = until it is interrupted
};

int complain(const std::string& what, int code) {
  std::fprintf(stderr, "flowactors ctl: %s\n", what.c_str());
  return code;
}

int print(const std::string& text) {
  return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? exit_codes::ok
                                                                           : exit_codes::failed;
}

/// The result of a command, or why there is none.
result<json> ask(ctl_connection& through, const std::string& command) {
  auto answer = through.ask(command, patience);
  if (!answer)
    return answer.failure();
  auto parsed = json::parse(*answer, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("ok"))
    return error{ec::bad_format, "what listens there is no flowactors"};
  if (!parsed["ok"].get<bool>())
    return error{ec::io_failed, parsed["error"].get<std::string>()};
  return std::move(parsed["result"]);
}

int code_of(const std::string& command, const json& from) {
  if (command == "ledger" && !from["balanced"].get<bool>())
    return exit_codes::unbalanced;
  if (command == "reload" && !from["loaded"].get<bool>())
    return exit_codes::failed;
  return exit_codes::ok;
}

// -- top ------------------------------------------------------------------------------------------

volatile sig_atomic_t interrupted = 0;

/// As many lines as the terminal has rows: with more, the first ones would go.
std::string top_of(std::string picture) {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
    return picture;
  size_t end = 0;
  for (unsigned row = 0; row < size.ws_row && end != std::string::npos; ++row)
    end = picture.find('\n', row == 0 ? 0 : end + 1);
  return picture.substr(0, end);
}

/// While it lives, pictures have the terminal for themselves, and long lines are cut.
class screen {
public:
  explicit screen(bool terminal) : terminal_(terminal) {
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = 1; };
    for (const int number : {SIGINT, SIGTERM})
      ::sigaction(number, &action, nullptr); // without SA_RESTART: waits end
    if (terminal_)
      print("\x1b[?1049h\x1b[?25l\x1b[?7l");
  }
  ~screen() {
    if (terminal_)
      print("\x1b[?7h\x1b[?25h\x1b[?1049l");
  }
  screen(const screen&) = delete;

  int show(const std::string& picture) const {
    return print(terminal_ ? "\x1b[H\x1b[J" + top_of(picture) : picture + "\n");
  }

private:
  const bool terminal_;
};

void wait(double interval_s) {
  const auto whole = static_cast<time_t>(interval_s);
  timespec time{whole, static_cast<long>((interval_s - static_cast<double>(whole)) * 1e9)};
  ::nanosleep(&time, nullptr);
}

int run_top(ctl_connection& through, const ctl_order& order) {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1 && !order.as_json;
  top_view view;
  std::string problem;
  int code = exit_codes::ok;
  {
    const screen shown(terminal);
    for (uint64_t n = 0; interrupted == 0 && code == exit_codes::ok; ++n) {
      if (n != 0 && n == order.pictures)
        break;
      if (n != 0)
        wait(order.interval_s);
      if (interrupted != 0)
        break;
      auto now = ask(through, "top");
      if (!now && interrupted == 0)
        problem = now.failure().what;
      if (!now)
        break;
      code = order.as_json ? print(now->dump() + "\n") : shown.show(view.picture(*now, terminal));
    }
  }
  return problem.empty() ? code : complain(problem, exit_codes::failed);
}

/// The socket that is meant, or why none is.
result<std::string> socket_of(const ctl_order& order) {
  if (!order.socket.empty())
    return order.socket;
  if (order.config.empty())
    return error{ec::bad_setting, "found no socket, expected -s SOCKET or -c FILE"};
  auto loaded = load_settings(order.config, {{"scripts.enabled", "false", "ctl"}});
  if (!loaded.faults.empty())
    return error{ec::bad_setting, loaded.faults.front()};
  if (loaded.values.control.socket.empty())
    return error{ec::bad_setting, order.config + ": found no [control] socket, expected one"};
  return loaded.values.control.socket;
}

int carry_out(const ctl_order& order) {
  const auto socket = socket_of(order);
  if (!socket)
    return complain(socket.failure().what, exit_codes::usage);
  auto through = ctl_connection::open(socket.value());
  if (!through)
    return complain(through.failure().what, exit_codes::failed);
  if (order.command == "top")
    return run_top(*through, order);
  auto given = ask(*through, order.command + (order.cluster ? " --cluster" : ""));
  if (!given)
    return complain(given.failure().what, exit_codes::failed);
  const bool colour = ::isatty(STDOUT_FILENO) == 1;
  const int code =
    print(order.as_json   ? given->dump(2, ' ', false, json::error_handler_t::replace) + "\n"
          : order.cluster ? cluster_text(order.command, *given, colour)
                          : ctl_text(order.command, *given, colour));
  return code != exit_codes::ok ? code : code_of(order.command, *given);
}

} // namespace

int control_client(int argc, const char* const* argv) {
  ctl_order order;
  CLI::App app(about, "flowactors ctl");
  app.footer(closing);
  app.set_help_flag("-h,--help", "Print this and exit.");
  app.add_option("COMMAND", order.command, "What to ask or tell.")
    ->required()
    ->check(CLI::IsMember(
      {"status", "ledger", "scripts", "contexts", "report", "top", "reload", "stop"}));
  app.add_option("-s,--socket", order.socket, "The control socket.")->type_name("PATH");
  app.add_option("-c", order.config, "The configuration file that names it.")->type_name("FILE");
  app.add_flag("--json", order.as_json, "Print JSON.");
  app.add_flag("--cluster", order.cluster,
               "status, ledger, reload: of all nodes that can be reached over links.");
  app.add_option("--interval", order.interval_s, "top: seconds between two pictures.")
    ->check(CLI::Range(0.1, 3600.0));
  app.add_option("--count", order.pictures, "top: so many pictures, then stop.")
    ->check(CLI::Range(1, 1'000'000));
  // CLI11 speaks in exceptions; they end here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return print(app.help());
  } catch (const CLI::ParseError& wrong) {
    return complain(wrong.what() + std::string{"\nflowactors ctl --help shows all options."},
                    exit_codes::usage);
  }
  if (order.cluster && order.command != "ledger" && order.command != "reload"
      && order.command != "status")
    return complain("--cluster: found " + order.command + ", expected status, ledger or reload",
                    exit_codes::usage);
  return carry_out(order);
}

} // namespace flowactors
