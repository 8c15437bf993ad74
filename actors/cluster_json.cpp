#include "actors/cluster_json.hpp"

#include "actors/ctl_text.hpp"
#include "outputs/figures.hpp"
#include "outputs/text_table.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace flowactors {

namespace {

using json = nlohmann::ordered_json;

// What other nodes say may be anything: each look at it is one that can't fail.

std::string text_at(const json& of, const char* key, const char* otherwise = "") {
  const auto at = of.is_object() ? of.find(key) : of.end();
  return at != of.end() && at->is_string() ? at->get<std::string>() : std::string(otherwise);
}

/// A count, or null.
json count_at(const json& of, const char* key) {
  const auto at = of.is_object() ? of.find(key) : of.end();
  return at != of.end() && at->is_number_unsigned() ? *at : json();
}

bool is_true(const json& of, const char* key) {
  const auto at = of.is_object() ? of.find(key) : of.end();
  return at != of.end() && *at == json(true);
}

const json& part_of(const json& of, const char* key) {
  static const json none;
  const auto at = of.is_object() ? of.find(key) : of.end();
  return at != of.end() ? *at : none;
}

constexpr size_t most_rows = 4096; ///< of a list of a node

/// Adds counts by name.
void add(json& into, const json& more) {
  if (more.is_object())
    for (const auto& [name, value] : more.items())
      if (value.is_number_unsigned())
        into[name] = into.value(name, uint64_t{0}) + value.get<uint64_t>();
}

uint64_t sum(const json& of) {
  uint64_t out = 0;
  for (const auto& each : of)
    out += each.get<uint64_t>();
  return out;
}

/// The rows of a list in the result of a node.
const json& rows_of(const json& node, const char* list) {
  static const json none = json::array();
  const json& rows = part_of(part_of(node, "result"), list);
  return rows.is_array() && rows.size() <= most_rows ? rows : none;
}

/// Equations of the same name, added up in the order in which they come first.
json added_up(const json& nodes) {
  json out = json::array();
  std::map<std::string, size_t> places;
  for (const auto& node : nodes)
    for (const auto& e : rows_of(node, "equations")) {
      const auto name = text_at(e, "name");
      if (name.empty())
        continue;
      const auto [at, fresh] = places.emplace(name, out.size());
      if (fresh)
        out.push_back({{"name", name}, {"left", json::object()}, {"right", json::object()}});
      add(out[at->second]["left"], part_of(e, "left"));
      add(out[at->second]["right"], part_of(e, "right"));
    }
  for (auto& e : out)
    e["balanced"] = sum(e["left"]) == sum(e["right"]);
  return out;
}

/// What each node says of the links that come to it: by node, sender and context.
std::map<std::array<std::string, 3>, json> ends_of(const json& nodes) {
  std::map<std::array<std::string, 3>, json> out;
  for (const auto& node : nodes)
    for (const auto& peer : rows_of(node, "peers"))
      out[{text_at(node, "node"), text_at(peer, "node"), text_at(peer, "context")}] = peer;
  return out;
}

/// Each link, with what its other end says.
json hops_of(const json& nodes) {
  json out = json::array();
  const auto ends = ends_of(nodes);
  for (const auto& node : nodes)
    for (const auto& link : rows_of(node, "links")) {
      const auto from = text_at(node, "node"), to = text_at(link, "node"),
                 context = text_at(link, "context");
      const auto end = ends.find({to, from, context});
      const json other = end == ends.end() ? json() : end->second;
      out.push_back({{"context", context},
                     {"from", from},
                     {"to", to},
                     {"at", text_at(link, "at")},
                     {"state", text_at(link, "state")},
                     {"sent", count_at(link, "sent")},
                     {"received", count_at(other, "received")},
                     {"done", count_at(other, "done")},
                     {"known_done", count_at(link, "done")}});
    }
  return out;
}

bool says(const json& node, const char* what) {
  return is_true(node, "ok") && is_true(part_of(node, "result"), what);
}

std::string count(const json& value) {
  return value.is_number_unsigned() ? grouped(value.get<uint64_t>()) : "?";
}

/// "running for 12 s, 1,000 packets, 20 flows, balanced"
std::string status_line(const json& node) {
  const json& of = part_of(node, "result");
  const json& elapsed = part_of(of, "elapsed_s");
  return text_at(of, "phase", "?") + " for "
         + (elapsed.is_number() ? seconds(elapsed.get<double>()) : std::string("?")) + ", "
         + count(count_at(part_of(of, "packets"), "seen")) + " packets, "
         + count(count_at(part_of(of, "flows"), "created")) + " flows, "
         + (says(node, "balanced") ? "balanced" : "does not balance") + "\n";
}

} // namespace

json cluster_ledger_json(const json& account) {
  json out = account["ledger"];
  out["links"] = json::array();
  for (const auto& [name, context] : account["contexts"].items())
    for (auto link : context["links"]) {
      link["context"] = name;
      out["links"].push_back(std::move(link));
    }
  out["peers"] = account["node"]["peers"];
  return out;
}

json cluster_result(std::string_view command, const json& nodes) {
  json out = {{"nodes", nodes}};
  const auto all = [&](const char* what) {
    return std::ranges::all_of(nodes, [&](const json& each) { return says(each, what); });
  };
  if (command == "reload")
    out["loaded"] = all("loaded");
  if (command == "ledger") {
    out["equations"] = added_up(nodes);
    out["hops"] = hops_of(nodes);
    out["balanced"] = all("balanced") && std::ranges::all_of(out["equations"], [](const json& e) {
                        return e["balanced"].get<bool>();
                      });
  }
  return out;
}

std::string cluster_text(const std::string& command, const json& result, bool colour) {
  std::string out;
  for (const auto& node : result["nodes"]) {
    out += text_at(node, "node") + ": ";
    if (!is_true(node, "ok"))
      out += "no answer: " + text_at(node, "error") + "\n";
    else if (command == "status")
      out += status_line(node);
    else if (command == "ledger")
      out += says(node, "balanced") ? "balanced\n" : "does not balance\n";
    else
      out += says(node, "loaded") ? "loaded\n" : "kept the old scripts\n";
    if (command != "reload")
      continue;
    for (const char* list : {"applied", "waiting", "faults"})
      for (const auto& each : rows_of(node, list))
        if (each.is_string())
          out += std::string("  ") + (list == std::string("faults") ? "" : list + std::string(": "))
                 + each.get<std::string>() + "\n";
  }
  if (command != "ledger")
    return out;
  text_table hops(
    {"context", "from", "to", "state", "events sent", "received", "done", "known to be done"}, 4);
  for (const auto& h : result["hops"])
    hops.add({h["context"].get<std::string>(), h["from"].get<std::string>(),
              h["to"].get<std::string>(), h["state"].get<std::string>(), count(h["sent"]),
              count(h["received"]), count(h["done"]), count(h["known_done"])});
  if (!hops.empty())
    out += "\n" + hops.text(colour);
  out += "\nall nodes together:\n";
  for (const auto& e : result["equations"])
    out += e["name"].get<std::string>() + ": " + ledger_terms(e["left"])
           + (e["balanced"].get<bool>() ? " = " : " != ") + ledger_terms(e["right"]) + "\n";
  return out + (result["balanced"].get<bool>() ? "balanced\n" : "does not balance\n");
}

} // namespace flowactors
