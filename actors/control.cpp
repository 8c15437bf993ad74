#include "actors/control.hpp"

#include "actors/cluster_json.hpp"
#include "actors/process.hpp"
#include "actors/status_json.hpp"

#include <utility>

namespace flowactors {

namespace {

using json = nlohmann::ordered_json;

constexpr const char* commands =
  "status, ledger, reload, scripts, contexts, report, top, stop, "
  "status --cluster, ledger --cluster, reload --cluster";

/// Loading scripts may take its time; a status is there after a capture's time to answer.
constexpr std::chrono::seconds status_time{10}, reload_time{60};

std::string text_of(const json& answer) {
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string told(json result) {
  return text_of({{"ok", true}, {"result", std::move(result)}});
}

bool asks_how_it_goes(std::string_view command) {
  for (const char* known : {"status", "report", "ledger", "scripts", "contexts", "top"})
    if (command == known)
      return true;
  return false;
}

std::string no_answer(caf::actor_system& system, const caf::error& why) {
  return refusal_answer(why == caf::sec::request_timeout ? "the program is busy: no answer in time"
                        : why == caf::sec::request_receiver_down ? "the program is stopping"
                                                                 : system.render(why));
}

std::string ask_status(caf::actor_system& system, const supervisor_actor& boss,
                       std::string_view command) {
  using clock = std::chrono::steady_clock;
  caf::scoped_actor self{system};
  std::string out;
  self->request(boss, status_time, status_atom_v)
    .receive(
      [&](const shared_status& status) {
        run_status now = *status;
        add_usage(now.account,
                  clock::now() - std::chrono::duration_cast<clock::duration>(now.elapsed));
        out = status_answer(command, now);
      },
      [&](const caf::error& why) { out = no_answer(system, why); });
  return out;
}

std::string reload(caf::actor_system& system, const supervisor_actor& boss) {
  caf::scoped_actor self{system};
  std::string out;
  self->request(boss, reload_time, reload_atom_v)
    .receive([&](const reload_result& done) { out = reload_answer(done); },
             [&](const caf::error& why) { out = no_answer(system, why); });
  return out;
}

/// Asks all nodes.
std::string ask_cluster(caf::actor_system& system, const supervisor_actor& boss,
                        const std::string& command) {
  const auto patience = command == "reload" ? reload_time : status_time;
  caf::scoped_actor self{system};
  std::string out;
  self
    ->request(boss, patience + std::chrono::seconds(1), ask_atom_v, command,
              static_cast<uint32_t>(std::chrono::milliseconds(patience).count()))
    .receive(
      [&](const std::string& list) {
        out = told(cluster_result(command, json::parse(list, nullptr, false)));
      },
      [&](const caf::error& why) { out = no_answer(system, why); });
  return out;
}

/// What was asked, as far as it can be shown in a sentence.
std::string shown(std::string_view request) {
  std::string out(request.substr(0, 40));
  for (auto& c : out)
    if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) >= 0x7f)
      c = '?';
  return "'" + out + "'";
}

} // namespace

std::string refusal_answer(const std::string& why) {
  return text_of({{"ok", false}, {"error", why}});
}

std::string reload_answer(const reload_result& from) {
  return told({{"loaded", from.loaded},
               {"kept", from.kept},
               {"faults", from.faults},
               {"applied", from.applied},
               {"waiting", from.waiting},
               {"pause_us", static_cast<double>(from.pause_ns) / 1000}});
}

std::string cluster_answer(std::string_view command, const run_status& from) {
  const auto account = json::parse(to_json(from.account));
  if (command == "ledger")
    return told(cluster_ledger_json(account));
  return command == "status" ? told(status_json(from, account)) : std::string();
}

std::string status_answer(std::string_view command, const run_status& from) {
  const auto account = json::parse(to_json(from.account));
  if (command == "status")
    return told(status_json(from, account));
  if (command == "report")
    return told(account);
  if (command == "ledger")
    return told(account["ledger"]);
  if (command == "scripts")
    return told(scripts_json(account));
  if (command == "contexts")
    return told(contexts_json(from, account));
  if (command != "top")
    return {};
  auto all = status_json(from, account);
  all["contexts"] = contexts_json(from, account);
  all["scripts"] = scripts_json(account);
  return told(std::move(all));
}

control_server::answerer control_answers(caf::actor_system& system, supervisor_actor boss) {
  return [&system, boss = std::move(boss)](std::string_view request) {
    if (asks_how_it_goes(request))
      return ask_status(system, boss, request);
    if (request == "reload")
      return reload(system, boss);
    for (const char* command : {"status", "ledger", "reload"})
      if (request == command + std::string(" --cluster"))
        return ask_cluster(system, boss, command);
    if (request == "stop") {
      caf::anon_send(boss, drain_atom_v);
      return told({{"stopping", true}});
    }
    return refusal_answer("found " + shown(request) + ", expected one of " + commands);
  };
}

} // namespace flowactors
