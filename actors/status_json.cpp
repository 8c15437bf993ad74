#include "actors/status_json.hpp"

#include "actors/build_info.hpp"

#include <unistd.h>

#include <cstdio>

namespace flowactors {

namespace {

using json = nlohmann::ordered_json;

/// "2026-11-23T04:25:00Z"
std::string time_text(std::chrono::system_clock::time_point at) {
  using namespace std::chrono;
  const auto whole = floor<seconds>(at);
  const auto day = floor<days>(whole);
  const year_month_day date(day);
  const hh_mm_ss time(whole - day);
  char out[64];
  std::snprintf(out, sizeof(out), "%04d-%02u-%02uT%02d:%02d:%02dZ", int{date.year()},
                unsigned{date.month()}, unsigned{date.day()},
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return out;
}

json reload_json(const reload_status& from) {
  json out = {{"count", from.count}};
  if (from.count != 0)
    out.update({{"at", time_text(from.at)},
                {"loaded", from.loaded},
                {"pause_us", static_cast<double>(from.pause_ns) / 1000},
                {"kept", from.kept},
                {"faults", from.faults}});
  return out;
}

json inputs_json(const run_status& from) {
  json out = json::array();
  for (const auto& i : from.inputs)
    out.push_back({{"name", i.name},
                   {"worker", i.worker},
                   {"workers", i.workers},
                   {"live", i.live},
                   {"state", i.state},
                   {"packets", i.packets}});
  return out;
}

} // namespace

json status_json(const run_status& from, const json& account) {
  return {{"version", version_line()},
          {"pid", ::getpid()},
          {"phase", from.phase},
          {"elapsed_s", from.elapsed.count()},
          {"user_s", account["user_s"]},
          {"system_s", account["system_s"]},
          {"peak_rss_bytes", account["peak_rss_bytes"]},
          {"inputs", inputs_json(from)},
          {"packets", account["packets"]},
          {"flows", account["flows"]},
          {"events", account["events"]},
          {"output", account["output"]},
          {"outputs", account["outputs"]},
          {"node", account["node"]},
          {"balanced", account["ledger"]["balanced"]},
          {"reload", reload_json(from.reload)}};
}

json contexts_json(const run_status& from, const json& account) {
  json out = json::array();
  const auto& sections = account["contexts"];
  for (const auto& c : from.contexts) {
    const bool beside = sections.contains(c.name); // the capture
    out.push_back({{"name", c.name},
                   {"state", c.state},
                   {"reason", c.reason},
                   {"scripts", c.scripts},
                   {"machines", c.machines},
                   {"compiled", c.compiled},
                   {"events", c.events},
                   {"rebuilds", c.rebuilds},
                   {"dropped_bytes", c.dropped_bytes},
                   {"restarts", beside ? sections[c.name]["restarts"] : json(0)},
                   {"lanes", beside ? sections[c.name]["lanes"] : json::array()},
                   {"links", beside ? sections[c.name]["links"] : json::array()}});
  }
  return out;
}

json scripts_json(const json& account) {
  json out = json::object();
  for (const auto& [name, state] : account["script_states"].items()) {
    out[name] = state;
    out[name]["callbacks"] = json::object();
  }
  for (const auto& [name, callbacks] : account["scripts"].items())
    out[name]["callbacks"] = callbacks;
  return out;
}

} // namespace flowactors
