#include "actors/ctl_text.hpp"

#include "outputs/figures.hpp"
#include "outputs/text_table.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace flowactors {

namespace {

using json = nlohmann::ordered_json;

std::string count(const json& value) {
  return grouped(value.get<uint64_t>());
}

uint64_t sum(const json& counts) {
  uint64_t out = 0;
  for (const auto& each : counts)
    out += each.get<uint64_t>();
  return out;
}

std::string joined(const json& names) {
  std::string out;
  for (const auto& each : names)
    out += (out.empty() ? "" : ", ") + each.get<std::string>();
  return out.empty() ? "-" : out;
}

/// "idle 12, reset 1": counts that are not 0.
std::string listed(const json& counts) {
  std::string out;
  for (const auto& [name, value] : counts.items())
    if (value.get<uint64_t>() != 0)
      out += (out.empty() ? "" : ", ") + name + " " + count(value);
  return out.empty() ? "-" : out;
}

/// "eth0", or "eth0, worker 2 of 4".
std::string input_name(const json& from) {
  std::string out = from["name"].get<std::string>();
  if (from["workers"].get<uint64_t>() > 1)
    out += ", worker " + count(from["worker"]) + " of " + count(from["workers"]);
  return out;
}

std::string headline(const json& from) {
  return from["version"].get<std::string>() + ", process " + std::to_string(from["pid"].get<int>())
         + ", " + from["phase"].get<std::string>() + " for "
         + seconds(from["elapsed_s"].get<double>()) + "; processor "
         + seconds(from["user_s"].get<double>() + from["system_s"].get<double>())
         + ", memory up to " + bytes(from["peak_rss_bytes"].get<uint64_t>()) + "\n";
}

std::string reload_text(const json& from) {
  if (from["count"].get<uint64_t>() == 0)
    return "reloads: none\n";
  std::string out = "reloads: " + count(from["count"]) + ", the last at "
                    + from["at"].get<std::string>()
                    + (from["loaded"].get<bool>() ? " loaded\n" : " kept the old scripts\n");
  for (const auto& fault : from["faults"])
    out += "  " + fault.get<std::string>() + "\n";
  return out;
}

std::string outputs_text(const json& from, bool colour) {
  text_table out({"output", "lost", "records", "written", "waiting", "bytes"}, 2);
  for (const auto& [name, o] : from.items())
    out.add({name, listed(o["lost"]), count(o["taken"]), count(o["written"]), count(o["waiting"]),
             bytes(o["bytes"].get<uint64_t>())});
  return out.empty() ? "" : "\n" + out.text(colour);
}

std::string status_text(const json& from, bool colour) {
  const auto& packets = from["packets"];
  const auto& flows = from["flows"];
  std::string out = headline(from);
  out += "packets: " + count(packets["seen"]) + ", " + bytes(packets["bytes"].get<uint64_t>())
         + "; lost by the kernel " + count(packets["kernel_dropped"]) + ", by the interface "
         + count(packets["interface_dropped"]) + ", not decoded " + listed(packets["undecoded"])
         + "\n";
  out += "flows: " + count(flows["created"]) + ", living " + count(flows["live"]) + ", ended "
         + listed(flows["ended"]) + "\n";
  out += "events: " + listed(from["events"]) + "\n";
  out += std::string("ledger: ") + (from["balanced"].get<bool>() ? "balanced" : "does not balance")
         + "\n";
  out += reload_text(from["reload"]);
  text_table inputs({"input", "state", "packets"}, 2);
  for (const auto& input : from["inputs"])
    inputs.add({input_name(input), input["state"].get<std::string>(), count(input["packets"])});
  return out + "\n" + inputs.text(colour) + outputs_text(from["outputs"], colour);
}

std::string ledger_text(const json& from) {
  std::string out;
  for (const auto& e : from["equations"])
    out += e["name"].get<std::string>() + ": " + ledger_terms(e["left"])
           + (e["balanced"].get<bool>() ? " = " : " != ") + ledger_terms(e["right"]) + "\n";
  return out + (from["balanced"].get<bool>() ? "balanced\n" : "does not balance\n");
}

std::string scripts_text(const json& from, bool colour) {
  text_table out(
    {"script", "state", "callback", "calls", "errors", "mean", "p50", "p99", "max", "limits"}, 3);
  std::string reasons;
  for (const auto& [name, script] : from.items()) {
    const auto state = script.value("state", "gone");
    if (script["callbacks"].empty())
      out.add({name, state, "-", "-", "-", "-", "-", "-", "-", "-"});
    for (const auto& [callback, c] : script["callbacks"].items())
      out.add({name, state, callback, count(c["calls"]), count(c["errors"]),
               nanoseconds(c["ns_mean"].get<double>()), nanoseconds(c["ns_p50"].get<double>()),
               nanoseconds(c["ns_p99"].get<double>()), nanoseconds(c["ns_max"].get<double>()),
               grouped(sum(c["limits"]))});
    if (const auto reason = script.value("reason", ""); !reason.empty())
      reasons += name + ", " + count(script["breaches"]) + " breaches: " + reason + "\n";
  }
  return out.empty() ? "no scripts\n" : out.text(colour) + reasons;
}

/// Over all lanes: a count of a lane, or its counts by kind, or by reason and kind.
uint64_t over_lanes(const json& lanes, const char* what) {
  uint64_t out = 0;
  for (const auto& lane : lanes)
    for (const auto& each : lane[what]) // a number is a list of itself
      out += each.is_object() ? sum(each) : each.get<uint64_t>();
  return out;
}

/// The links of all contexts, a row each.
std::string links_text(const json& contexts, bool colour) {
  text_table out({"context", "node", "at", "state", "trouble", "connections", "batches",
                  "sent again", "bytes", "p50 us", "p99 us"},
                 5);
  for (const auto& c : contexts)
    for (const auto& l : c["links"])
      out.add({c["name"].get<std::string>(), l["node"].get<std::string>(),
               l["at"].get<std::string>(), l["state"].get<std::string>(),
               l["state"] == "running" ? "" : l["trouble"].get<std::string>(),
               count(l["connections"]), count(l["batches"]), count(l["resent"]), count(l["bytes"]),
               count(l["p50_us"]), count(l["p99_us"])});
  return out.empty() ? "" : "\n" + out.text(colour);
}

std::string contexts_text(const json& from, bool colour) {
  text_table out({"context", "state", "scripts", "machines", "compiled", "events", "waiting",
                  "lost", "restarts", "rebuilds"},
                 3);
  std::string reasons;
  for (const auto& c : from) {
    const auto& lanes = c["lanes"];
    out.add({c["name"].get<std::string>(), c["state"].get<std::string>(), joined(c["scripts"]),
             count(c["machines"]), c["compiled"].get<bool>() ? "yes" : "no", count(c["events"]),
             grouped(over_lanes(lanes, "waiting")), grouped(over_lanes(lanes, "lost")),
             count(c["restarts"]), count(c["rebuilds"])});
    if (const auto reason = c["reason"].get<std::string>(); !reason.empty())
      reasons += c["name"].get<std::string>() + ": " + reason + "\n";
  }
  return out.empty() ? "no contexts\n" : out.text(colour) + reasons + links_text(from, colour);
}

std::string reloaded_text(const json& from) {
  std::string out = from["loaded"].get<bool>() ? "loaded\n" : "kept the old scripts\n";
  for (const auto& key : from["applied"])
    out += "  changed: " + key.get<std::string>() + "\n";
  for (const auto& key : from["waiting"])
    out += "  changes at the next start: " + key.get<std::string>() + "\n";
  for (const auto& fault : from["faults"])
    out += "  " + fault.get<std::string>() + "\n";
  return out;
}

// -- top ------------------------------------------------------------------------------------------

/// The growth of a count in a second.
class rates {
public:
  rates(const json& before, const json& now)
    : before_(before),
      now_(now),
      seconds_(
        before.is_null() ? 0 : now["elapsed_s"].get<double>() - before["elapsed_s"].get<double>()) {
  }

  /// `path` as in "/packets/seen"; what was not there counts as 0.
  double of(const std::string& path) const {
    return seconds_ <= 0 ? 0 : std::max(0.0, (at(now_, path) - at(before_, path)) / seconds_);
  }
  std::string text(const std::string& path) const { return text(of(path)); }
  static std::string text(double a_second) {
    return grouped(static_cast<uint64_t>(std::llround(a_second))) + "/s";
  }

  /// Of what `count` finds in a context of this name.
  double in_context(const std::string& name,
                    const std::function<uint64_t(const json&)>& count) const {
    const json* before = before_.is_null() ? nullptr : context(before_, name);
    const json* now = context(now_, name);
    if (seconds_ <= 0 || now == nullptr)
      return 0;
    const uint64_t from = before == nullptr ? 0 : count(*before);
    return static_cast<double>(count(*now) - std::min(from, count(*now))) / seconds_;
  }

private:
  static const json* context(const json& in, const std::string& name) {
    for (const auto& each : in["contexts"])
      if (each["name"].get<std::string>() == name)
        return &each;
    return nullptr;
  }

  static double at(const json& from, const std::string& path) {
    const json::json_pointer place(path);
    if (!from.contains(place))
      return 0;
    const auto& value = from[place];
    return value.is_object() ? static_cast<double>(sum(value)) : value.get<double>();
  }

  const json& before_;
  const json& now_;
  double seconds_;
};

/// A name as a part of a path (RFC 6901).
std::string part(std::string name) {
  std::string out = "/";
  for (const char c : name)
    out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

std::string script_rows(const json& now, const rates& rate, bool colour) {
  text_table out(
    {"script", "callback", "calls/s", "of a core", "mean", "p50", "p99", "max", "errors", "state"},
    2);
  for (const auto& [name, script] : now["scripts"].items())
    for (const auto& [callback, c] : script["callbacks"].items()) {
      const double calls =
        rate.of("/scripts" + part(name) + "/callbacks" + part(callback) + "/calls");
      const double mean = c["ns_mean"].get<double>();
      char share[32];
      std::snprintf(share, sizeof(share), "%.1f %%", calls * mean / 1e7);
      out.add({name, callback, grouped(static_cast<uint64_t>(std::llround(calls))), share,
               nanoseconds(mean), nanoseconds(c["ns_p50"].get<double>()),
               nanoseconds(c["ns_p99"].get<double>()), nanoseconds(c["ns_max"].get<double>()),
               count(c["errors"]), script.value("state", "gone")});
    }
  return out.empty() ? "" : "\n" + out.text(colour);
}

std::string output_rows(const json& now, const rates& rate, bool colour) {
  text_table out({"output", "written", "lost", "waiting", "lost in all"}, 1);
  for (const auto& [name, o] : now["outputs"].items())
    out.add({name, rate.text("/outputs" + part(name) + "/written"),
             rate.text("/outputs" + part(name) + "/lost"), count(o["waiting"]), listed(o["lost"])});
  return out.empty() ? "" : "\n" + out.text(colour);
}

std::string input_rows(const json& now, const rates& rate, bool colour) {
  text_table out({"input", "state", "packets/s", "packets"}, 2);
  for (size_t i = 0; i < now["inputs"].size(); ++i) {
    const auto& input = now["inputs"][i];
    out.add({input_name(input), input["state"].get<std::string>(),
             rate.text("/inputs/" + std::to_string(i) + "/packets"), count(input["packets"])});
  }
  return "\n" + out.text(colour);
}

uint64_t lost_of(const json& context) {
  return over_lanes(context["lanes"], "lost");
}

/// Events that lanes lose in a second.
double lost_in_lanes(const json& now, const rates& rate) {
  double out = 0;
  for (const auto& each : now["contexts"])
    out += rate.in_context(each["name"].get<std::string>(), lost_of);
  return out;
}

std::string context_rows(const json& now, const rates& rate, bool colour) {
  text_table out({"context", "state", "scripts", "lanes", "events", "waiting", "credit", "waits",
                  "lost", "lost in all", "restarts"},
                 3);
  std::string reasons;
  for (const auto& c : now["contexts"]) {
    const auto name = c["name"].get<std::string>();
    const auto handled = [](const json& of) { return of["events"].get<uint64_t>(); };
    const auto waits = [](const json& of) { return over_lanes(of["lanes"], "waits"); };
    out.add({name, c["state"].get<std::string>(), joined(c["scripts"]), grouped(c["lanes"].size()),
             rates::text(rate.in_context(name, handled)),
             grouped(over_lanes(c["lanes"], "waiting")), grouped(over_lanes(c["lanes"], "credit")),
             rates::text(rate.in_context(name, waits)), rates::text(rate.in_context(name, lost_of)),
             grouped(lost_of(c)), count(c["restarts"])});
    if (const auto reason = c["reason"].get<std::string>(); !reason.empty())
      reasons += name + ": " + reason + "\n";
  }
  return out.text(colour) + reasons + links_text(now["contexts"], colour);
}

/// Everything that is lost in a second.
double lost_rate(const json& now, const rates& rate) {
  double out = rate.of("/packets/kernel_dropped") + rate.of("/packets/interface_dropped")
               + lost_in_lanes(now, rate);
  for (const auto& [name, o] : now["outputs"].items())
    out += rate.of("/outputs" + part(name) + "/lost");
  return out;
}

} // namespace

std::string ledger_terms(const json& from) {
  std::string out;
  for (const auto& [name, value] : from.items())
    if (value.get<uint64_t>() != 0 || from.size() == 1)
      out += (out.empty() ? "" : " + ") + name + " " + count(value);
  return out.empty() ? "0" : out;
}

std::string ctl_text(const std::string& command, const json& result, bool colour) {
  if (command == "status")
    return status_text(result, colour);
  if (command == "ledger")
    return ledger_text(result);
  if (command == "scripts")
    return scripts_text(result, colour);
  if (command == "contexts")
    return contexts_text(result, colour);
  if (command == "reload")
    return reloaded_text(result);
  if (command == "stop")
    return "stopping\n";
  return result.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string top_view::picture(const json& now, bool colour) {
  const rates rate(before_, now);
  const double lost = lost_rate(now, rate);
  if (lost > worst_.lost)
    worst_ = {lost, now["elapsed_s"].get<double>()};
  std::string out = headline(now);
  out += "packets " + count(now["packets"]["seen"]) + "  " + rate.text("/packets/seen")
         + "   bytes " + bytes(now["packets"]["bytes"].get<uint64_t>()) + "  "
         + bytes(static_cast<uint64_t>(rate.of("/packets/bytes"))) + "/s\n";
  out += "flows " + count(now["flows"]["live"]) + " living  " + rate.text("/flows/created")
         + " new  " + rate.text("/flows/ended") + " ended   events " + rate.text("/events") + "\n";
  out += "lost by kernel " + rate.text("/packets/kernel_dropped") + "  by interface "
         + rate.text("/packets/interface_dropped") + "  in lanes "
         + rates::text(lost_in_lanes(now, rate)) + "  not decoded "
         + rate.text("/packets/undecoded") + "\n";
  out += "worst second: "
         + (worst_.lost == 0 ? std::string("nothing was lost")
                             : grouped(static_cast<uint64_t>(std::llround(worst_.lost)))
                                 + " packets, events and records lost, " + seconds(worst_.at_s)
                                 + " after the start")
         + "   ledger " + (now["balanced"].get<bool>() ? "balanced" : "does not balance") + "\n";
  out += input_rows(now, rate, colour) + "\n" + context_rows(now, rate, colour)
         + script_rows(now, rate, colour) + output_rows(now, rate, colour);
  before_ = now;
  return out;
}

} // namespace flowactors
