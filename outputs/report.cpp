#include "outputs/report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>

namespace flowactors {

namespace {

using json = nlohmann::ordered_json;

uint64_t sum(const std::vector<named_count>& terms) noexcept {
  return std::accumulate(
    terms.begin(), terms.end(), uint64_t{0},
    [](uint64_t so_far, const named_count& term) { return so_far + term.second; });
}

std::string text_of(const std::vector<named_count>& terms) {
  std::string out;
  for (const auto& [name, count] : terms)
    if (count != 0 || terms.size() == 1)
      out += (out.empty() ? "" : " + ") + name + " " + std::to_string(count);
  return out.empty() ? "0" : out;
}

json object(const std::vector<named_count>& terms) {
  json out = json::object();
  for (const auto& [name, count] : terms)
    out[name] = count;
  return out;
}

json packets_of(const report& from) {
  const auto& p = from.packets;
  return {{"seen", p.seen},
          {"decoded", p.decoded},
          {"undecoded", object(p.undecoded)},
          {"bytes", p.bytes},
          {"filtered", p.filtered},
          {"kernel_dropped", p.kernel_dropped},
          {"interface_dropped", p.interface_dropped},
          {"unread", p.unread},
          {"late", p.late}};
}

json protocols_of(const report& from) {
  json out = json::object();
  for (const auto& p : from.protocols)
    out[p.name] = {{"packets", p.packets}, {"bytes", p.bytes}, {"flows", p.flows}};
  return out;
}

json scripts_of(const report& from) {
  json out = json::object();
  for (const auto& c : from.callbacks)
    out[c.script][c.name] = {{"calls", c.calls},         {"errors", c.errors},
                             {"ns_mean", c.ns_mean},     {"ns_p50", c.ns_p50},
                             {"ns_p99", c.ns_p99},       {"ns_max", c.ns_max},
                             {"suspended", c.suspended}, {"limits", object(c.limits)}};
  return out;
}

json conditions_of(const report& from) {
  json out = json::object();
  for (const auto& c : from.conditions)
    out[c.script] = {{"state", c.state}, {"breaches", c.breaches}, {"reason", c.reason}};
  return out;
}

json outputs_of(const report& from) {
  json out = json::object();
  for (const auto& o : from.outputs)
    out[o.name] = {{"taken", o.taken},     {"written", o.written},       {"lost", object(o.lost)},
                   {"waiting", o.waiting}, {"bytes", o.bytes},           {"files", o.files},
                   {"retries", o.retries}, {"of_other_nodes", o.foreign}};
  return out;
}

json lanes_of(const report::context_section& from) {
  json out = json::array();
  for (const auto& l : from.lanes) {
    json lost = json::object();
    for (const auto& [reason, kinds] : l.lost)
      lost[reason] = object(kinds);
    out.push_back({{"worker", l.worker},
                   {"shard", l.shard},
                   {"taken", object(l.taken)},
                   {"handled", object(l.handled)},
                   {"lost", std::move(lost)},
                   {"waiting", l.waiting},
                   {"batches", l.batches},
                   {"credit", l.credit},
                   {"peak", l.peak},
                   {"waits", l.waits}});
  }
  return out;
}

json links_of(const std::vector<report::link_section>& from) {
  json out = json::array();
  for (const auto& l : from)
    out.push_back({{"at", l.at},
                   {"node", l.node},
                   {"state", l.state},
                   {"trouble", l.trouble},
                   {"connections", l.connections},
                   {"batches", l.batches},
                   {"resent", l.resent},
                   {"sent", l.sent},
                   {"done", l.done},
                   {"bytes", l.bytes},
                   {"round_trips", l.round_trips},
                   {"p50_us", l.p50_us},
                   {"p99_us", l.p99_us}});
  return out;
}

json contexts_of(const report& from) {
  json out = json::object();
  for (const auto& c : from.contexts)
    out[c.name] = {{"state", c.state},
                   {"reason", c.reason},
                   {"restarts", c.restarts},
                   {"lanes", lanes_of(c)},
                   {"links", links_of(c.links)}};
  return out;
}

json post_of(const report::post_section& from) {
  json out = object(from.ended);
  out["copies"] = from.copies;
  out["come"] = from.come;
  out["again"] = from.again;
  return out;
}

json peers_of(const report& from) {
  json out = json::array();
  for (const auto& each : from.node.peers)
    out.push_back({{"node", each.node},
                   {"context", each.context},
                   {"received", each.received},
                   {"done", each.done}});
  return out;
}

json workers_of(const report& from) {
  json out = json::array();
  for (const auto& w : from.workers)
    out.push_back({{"input", w.input},
                   {"worker", w.worker},
                   {"packets", {{"seen", w.seen}, {"decoded", w.decoded}, {"bytes", w.bytes}}},
                   {"flows", {{"created", w.created}, {"live", w.live}, {"peak", w.peak}}},
                   {"events", w.events},
                   {"balanced", w.balanced}});
  return out;
}

json ledger_of(const report& from) {
  json equations = json::array();
  for (const auto& e : from.ledger)
    equations.push_back({{"name", e.name},
                         {"balanced", e.balanced()},
                         {"left", object(e.left)},
                         {"right", object(e.right)}});
  return {{"balanced", from.balanced()}, {"equations", std::move(equations)}};
}

} // namespace

bool ledger_equation::balanced() const noexcept {
  return sum(left) == sum(right);
}

std::string ledger_equation::text() const {
  return name + ": " + text_of(left) + (balanced() ? " = " : " != ") + text_of(right);
}

bool report::balanced() const noexcept {
  return std::ranges::all_of(ledger, &ledger_equation::balanced)
         && std::ranges::all_of(workers, &worker_section::balanced);
}

std::string to_json(const report& from) {
  json messages = object(from.messages.ended);
  messages["sent"] = from.messages.sent;
  messages["received"] = from.messages.received;
  const json post = {{"messages", post_of(from.post.messages)},
                     {"records", post_of(from.post.records)},
                     {"unheard", from.post.unheard}};
  const json out = {{"packets", packets_of(from)},
                    {"flows",
                     {{"created", from.flows.created},
                      {"ended", object(from.flows.ended)},
                      {"live", from.flows.live},
                      {"peak", from.flows.peak},
                      {"text_lost", from.flows.text_lost}}},
                    {"protocols", protocols_of(from)},
                    {"events", object(from.events)},
                    {"scripts", scripts_of(from)},
                    {"script_states", conditions_of(from)},
                    {"vm_rebuilds", from.rebuilds},
                    {"flow_data_errors", from.data_faults},
                    {"messages", messages},
                    {"post", post},
                    {"output",
                     {{"written_bytes", from.output.written_bytes},
                      {"lost_bytes", from.output.lost_bytes},
                      {"dropped_bytes", from.output.dropped_bytes}}},
                    {"outputs", outputs_of(from)},
                    {"contexts", contexts_of(from)},
                    {"node",
                     {{"name", from.node.name},
                      {"listen", from.node.listen},
                      {"tls", from.node.tls},
                      {"refused", object(from.node.refused)},
                      {"peers", peers_of(from)},
                      {"links", links_of(from.node.links)}}},
                    {"workers", workers_of(from)},
                    {"ledger", ledger_of(from)},
                    {"elapsed_s", from.elapsed_s},
                    {"user_s", from.user_s},
                    {"system_s", from.system_s},
                    {"peak_rss_bytes", from.peak_rss_bytes}};
  // Names of scripts are file names, which need not be UTF-8.
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace flowactors
