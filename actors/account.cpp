#include "actors/account.hpp"

#include "actors/node_ports.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

namespace flowactors {

namespace {

std::optional<event_kind> kind_of(const std::string& callback) noexcept {
  if (callback == "flowCreate")
    return event_kind::created;
  if (callback == "flowProtocolDetected")
    return event_kind::detected;
  if (callback == "flowUpdate")
    return event_kind::updated;
  if (callback == "flowDelete")
    return event_kind::ended;
  return std::nullopt;
}

int badness(const script_condition& x) noexcept {
  return x.state == "off" ? 3 : x.state == "suspended" ? 2 : x.state == "trial" ? 1 : 0;
}

void merge(script_condition& into, const script_condition& more) {
  if (badness(more) > badness(into) || into.reason.empty())
    into.reason = more.reason;
  if (badness(more) > badness(into))
    into.state = more.state;
  into.breaches += more.breaches;
}

auto key(const callback_account& x) {
  return std::tie(x.costs.script, x.costs.callback);
}

void merge(callback_costs& into, const callback_costs& more) {
  const auto sampled = into.sampled + more.sampled;
  if (sampled != 0)
    into.ns_mean = (into.ns_mean * static_cast<double>(into.sampled)
                    + more.ns_mean * static_cast<double>(more.sampled))
                   / static_cast<double>(sampled);
  into.calls += more.calls;
  into.errors += more.errors;
  into.suspended += more.suspended;
  for (size_t i = 0; i < into.limits.size(); ++i)
    into.limits[i] += more.limits[i];
  into.sampled = sampled;
  into.ns_p50 = std::max(into.ns_p50, more.ns_p50);
  into.ns_p99 = std::max(into.ns_p99, more.ns_p99);
  into.ns_max = std::max(into.ns_max, more.ns_max);
}

template <class Array>
void add(Array& into, const Array& more) {
  for (size_t i = 0; i < into.size(); ++i)
    into[i] += more[i];
}

void merge(tracker_counters& into, const tracker_counters& more) {
  into.seen += more.seen;
  into.of_others += more.of_others;
  into.decoded += more.decoded;
  add(into.undecoded, more.undecoded);
  into.bytes += more.bytes;
  into.created += more.created;
  add(into.ended, more.ended);
  into.live += more.live;
  into.peak += more.peak;
  into.packets_of_ended += more.packets_of_ended;
  into.bytes_of_ended += more.bytes_of_ended;
  into.packets_of_live += more.packets_of_live;
  add(into.events, more.events);
  into.late_packets += more.late_packets;
  into.text_lost += more.text_lost;
  if (into.first_ns == 0 || (more.first_ns != 0 && more.first_ns < into.first_ns))
    into.first_ns = more.first_ns;
  into.now_ns = std::max(into.now_ns, more.now_ns);
}

void merge(source_counters& into, const source_counters& more) {
  into.handed_out += more.handed_out;
  into.filtered += more.filtered;
  into.bytes += more.bytes;
  into.kernel_dropped += more.kernel_dropped;
  into.interface_dropped += more.interface_dropped;
  into.unread += more.unread;
}

std::vector<named_count> by_kind(const kind_counts& counts) {
  std::vector<named_count> out;
  for (size_t i = 0; i < counts.size(); ++i)
    out.emplace_back(to_string(static_cast<event_kind>(i)), counts[i]);
  return out;
}

/// The counts of an enum's values under their names, without the first value ("none").
template <class Enum, class Array>
std::vector<named_count> named(const Array& counts) {
  std::vector<named_count> out;
  for (size_t i = 1; i < counts.size(); ++i)
    out.emplace_back(to_string(static_cast<Enum>(i)), counts[i]);
  return out;
}

std::vector<named_count> limits_of(const callback_costs& costs) {
  std::vector<named_count> out;
  for (size_t i = 0; i < costs.limits.size(); ++i)
    out.emplace_back(to_string(static_cast<limit_kind>(i)), costs.limits[i]);
  return out;
}

report::message_section messages_of(const message_counts& counts) {
  report::message_section out{counts.sent, counts.received, {}};
  for (size_t i = 0; i < counts.ended.size(); ++i)
    out.ended.emplace_back(to_string(static_cast<message_end>(i)), counts.ended[i]);
  out.ended.emplace_back("waiting", counts.waiting);
  return out;
}

std::vector<named_count> with(named_count first, std::vector<named_count> rest) {
  rest.insert(rest.begin(), std::move(first));
  return rest;
}

// -- the equations --------------------------------------------------------------------------------

/// The workers of an input of paths are each given all packets: together they took each once.
void balance_shares(report& out, const std::vector<worker_account>& workers) {
  std::vector<named_count> shares;
  for (const auto& w : workers) {
    if (w.worker == 1)
      shares.clear();
    shares.emplace_back("worker_" + std::to_string(w.worker), w.seen);
    const bool whole = w.worker == w.workers && shares.size() == w.workers; // nobody broke down
    if (w.shared && whole)
      out.ledger.push_back(
        {"packets shared of " + w.input, {{"given_to_each", w.seen + w.of_others}}, shares});
  }
}

void balance_packets(report& out, const capture_snapshot& books) {
  const auto& t = books.tracker;
  uint64_t packets = 0;
  uint64_t flows = 0;
  for (const auto& p : books.protocols) {
    packets += p.totals.packets;
    flows += p.totals.flows;
  }
  out.ledger.push_back(
    {"packets read", {{"handed_out", books.source.handed_out}}, {{"seen", t.seen}}});
  out.ledger.push_back(
    {"packets decoded", {{"seen", t.seen}}, with({"decoded", t.decoded}, out.packets.undecoded)});
  out.ledger.push_back(
    {"packets in flows",
     {{"decoded", t.decoded}},
     {{"of_ended_flows", t.packets_of_ended}, {"of_live_flows", t.packets_of_live}}});
  out.ledger.push_back(
    {"flows", {{"created", t.created}}, with({"live", t.live}, out.flows.ended)});
  out.ledger.push_back(
    {"packets by protocol", {{"of_ended_flows", t.packets_of_ended}}, {{"by_protocol", packets}}});
  out.ledger.push_back({"flows by protocol", out.flows.ended, {{"by_protocol", flows}}});
}

void balance_events(report& out, const capture_snapshot& books, const script_account& scripts) {
  for (size_t i = 0; i < event_kind_count; ++i)
    out.ledger.push_back(
      {std::string("events ") + to_string(static_cast<event_kind>(i)),
       {{"emitted", books.tracker.events[i]}},
       {{"handled", books.scripts.handled[i]}, {"without_scripts", books.unscripted[i]}}});
  for (const auto& c : scripts.callbacks)
    if (kind_of(c.costs.callback)) // hooks are no events
      out.ledger.push_back({"calls of " + c.costs.callback + " in " + c.costs.script,
                            {{"events", c.events}},
                            {{"calls", c.costs.calls}, {"suspended", c.costs.suspended}}});
  out.ledger.push_back({"messages",
                        {{"sent", out.messages.sent}, {"received", out.messages.received}},
                        out.messages.ended});
}

std::vector<named_count> losses_of(const record_counters& from) {
  std::vector<named_count> out;
  for (size_t i = 0; i < record_loss_count; ++i)
    out.emplace_back(to_string(static_cast<record_loss>(i)), from.lost[i]);
  return out;
}

std::string name_of(const std::string& context, uint32_t worker, uint32_t shard) {
  const auto from = worker == other_nodes ? "other nodes" : "worker " + std::to_string(worker);
  return context + " (" + from + ", shard " + std::to_string(shard) + ")";
}

/// What the capture has done for lanes, and the lanes with it.
void balance_lanes(report& out, const capture_snapshot& books, const context_account& context) {
  for (const auto& s : books.lanes)
    if (s.context == context.name)
      out.ledger.push_back({"events for " + name_of(s.context, s.worker, s.shard),
                            by_kind(s.emitted),
                            {{"collecting", sum(s.collecting)}, {"put", sum(s.put)}}});
  for (const auto& l : context.lanes) {
    std::vector<named_count> right{{"handled", sum(l.counters.handled)},
                                   {"waiting", sum(l.counters.waiting)}};
    for (size_t i = 0; i < lane_loss_count; ++i)
      right.emplace_back(to_string(static_cast<lane_loss>(i)), sum(l.counters.lost[i]));
    out.ledger.push_back({"lane of " + name_of(context.name, l.worker, l.shard),
                          by_kind(l.counters.taken), std::move(right)});
  }
}

/// What can be compared only when nothing is under way any more.
void balance_ends(report& out, const capture_snapshot& books, const context_account& context) {
  kind_counts put{}, taken{}, handled{}, crashed{};
  uint64_t lost = 0, at_end = 0;
  for (const auto& s : books.lanes)
    if (s.context == context.name)
      add(put, s.put);
  for (const auto& l : context.lanes) {
    add(taken, l.counters.taken);
    add(handled, l.counters.handled);
    add(crashed, l.counters.lost_by(lane_loss::crashed));
    for (const auto& each : l.counters.lost)
      lost += sum(each);
    at_end += l.counters.next - l.counters.delivered;
  }
  const auto& own = context.books;
  out.ledger.push_back({"lanes of " + context.name, by_kind(put), by_kind(taken)});
  out.ledger.push_back({"batches of " + context.name,
                        {{"handled", sum(handled)}, {"crashed", sum(crashed)}},
                        by_kind(own.taken)});
  out.ledger.push_back({"sequence of " + context.name,
                        {{"skipped", own.skipped}, {"after_the_last", at_end}},
                        {{"lost", lost - sum(crashed)}, {"doubled", own.doubled}}});
}

void balance_contexts(report& out, const capture_snapshot& books,
                      const std::vector<context_account>& contexts, bool closing) {
  for (const auto& c : contexts) {
    balance_lanes(out, books, c);
    auto right = by_kind(c.books.scripts.handled);
    right.emplace_back("interrupted", sum(c.books.interrupted));
    out.ledger.push_back({"events in " + c.name, by_kind(c.books.taken), std::move(right)});
    if (closing)
      balance_ends(out, books, c);
  }
}

report::context_section section_of(const context_account& from) {
  report::context_section out{from.name, from.state, from.reason, from.restarts, {}, {}};
  for (const auto& l : from.lanes) {
    const auto& c = l.counters;
    report::lane_section lane{l.worker, l.shard,        by_kind(c.taken), by_kind(c.handled),
                              {},       sum(c.waiting), c.batches,        l.most,
                              c.peak,   c.waits};
    for (size_t i = 0; i < lane_loss_count; ++i)
      lane.lost.emplace_back(to_string(static_cast<lane_loss>(i)), by_kind(c.lost[i]));
    out.lanes.push_back(std::move(lane));
  }
  for (const auto& each : from.books.links)
    out.links.push_back(section_of(each));
  return out;
}

void balance_records(report& out, const std::vector<record_account>& handed,
                     const output_account& output, bool closing) {
  const auto& records = output.records;
  auto right = losses_of(records);
  right.emplace_back("waiting", records.waiting);
  out.ledger.push_back({"records of " + output.name,
                        {{"taken", records.taken}},
                        with({"written", records.written}, std::move(right))});
  if (!closing)
    return;
  std::vector<named_count> left;
  if (const auto at = std::ranges::find(handed, output.name, &record_account::output);
      at != handed.end())
    left = with({"emitted", at->emitted}, by_kind(at->flows));
  left.emplace_back("other_nodes", records.foreign);
  out.ledger.push_back({"records for " + output.name, std::move(left), {{"taken", records.taken}}});
}

} // namespace

report::link_section section_of(const link_account& from) {
  return {from.at,
          from.node,
          from.state,
          from.trouble,
          from.connections,
          from.batches,
          from.resent,
          from.sent,
          from.done,
          from.bytes,
          from.trips.total(),
          from.trips.quantile(0.5),
          from.trips.quantile(0.99)};
}

script_account account_of(const script_vm& vm) {
  script_account out;
  for (size_t i = 0; i < event_kind_count; ++i)
    out.handled[i] = vm.handled(static_cast<event_kind>(i));
  for (auto& costs : vm.costs()) {
    const auto kind = kind_of(costs.callback);
    // A callback of no event is called on nobody's account: its calls are its events.
    const uint64_t events = kind ? vm.handled(*kind) : costs.calls + costs.suspended;
    out.callbacks.push_back({std::move(costs), events});
  }
  std::ranges::sort(out.callbacks, {}, [](const auto& c) { return key(c); });
  out.conditions = vm.conditions();
  out.output_dropped = vm.output_dropped();
  out.rebuilds = vm.rebuilds();
  out.data_faults = vm.data_faults();
  out.messages = vm.messages();
  return out;
}

void merge(script_account& into, const script_account& more) {
  add(into.handled, more.handled);
  into.output_dropped += more.output_dropped;
  into.rebuilds += more.rebuilds;
  into.data_faults += more.data_faults;
  into.messages.sent += more.messages.sent;
  into.messages.received += more.messages.received;
  into.messages.waiting += more.messages.waiting;
  add(into.messages.ended, more.messages.ended);
  for (const auto& c : more.conditions) {
    auto at = std::ranges::lower_bound(into.conditions, c.script, {}, &script_condition::script);
    if (at == into.conditions.end() || at->script != c.script)
      into.conditions.insert(at, c);
    else
      merge(*at, c);
  }
  for (const auto& c : more.callbacks) {
    auto at =
      std::ranges::lower_bound(into.callbacks, key(c), {}, [](const auto& x) { return key(x); });
    if (at == into.callbacks.end() || key(*at) != key(c)) {
      into.callbacks.insert(at, c);
    } else {
      merge(at->costs, c.costs);
      at->events += c.events;
    }
  }
}

void merge(context_snapshot& into, const context_snapshot& more) {
  merge(into.scripts, more.scripts);
  add(into.taken, more.taken);
  add(into.interrupted, more.interrupted);
  into.batches += more.batches;
  into.skipped += more.skipped;
  into.doubled += more.doubled;
  for (const auto& each : more.links)
    merge(into.links, each);
}

void merge(std::vector<lane_account>& into, const lane_account& more) {
  const auto at = std::ranges::find_if(
    into, [&](const lane_account& x) { return x.worker == more.worker && x.shard == more.shard; });
  if (at == into.end())
    return into.push_back(more);
  at->most = more.most;
  add(at->counters, more.counters);
}

void merge(capture_snapshot& into, const capture_snapshot& more) {
  into.lanes.insert(into.lanes.end(), more.lanes.begin(), more.lanes.end());
  merge(into.source, more.source);
  merge(into.tracker, more.tracker);
  merge(into.scripts, more.scripts);
  add(into.unscripted, more.unscripted);
  for (const auto& each : more.records)
    merge(into.records, each);
  into.workers.insert(into.workers.end(), more.workers.begin(), more.workers.end());
  for (const auto& p : more.protocols) {
    auto at = std::ranges::lower_bound(into.protocols, p.name, {}, &protocol_account::name);
    if (at == into.protocols.end() || at->name != p.name)
      at = into.protocols.insert(at, {p.name, {}});
    at->totals.packets += p.totals.packets;
    at->totals.bytes += p.totals.bytes;
    at->totals.flows += p.totals.flows;
  }
}

worker_account account_of(const capture_snapshot& books, worker_account row) {
  const auto& t = books.tracker;
  report own;
  own.packets.undecoded = named<undecoded>(t.undecoded);
  own.flows.ended = named<end_reason>(t.ended);
  own.messages = messages_of(books.scripts.messages);
  balance_packets(own, books);
  balance_events(own, books, books.scripts);
  row.seen = t.seen;
  row.of_others = t.of_others;
  row.decoded = t.decoded;
  row.bytes = t.bytes;
  row.created = t.created;
  row.live = t.live;
  row.peak = t.peak;
  row.events = std::accumulate(t.events.begin(), t.events.end(), uint64_t{0});
  row.balanced = own.balanced();
  return row;
}

report make_report(const capture_snapshot& books, const output_counters& output,
                   const std::vector<output_account>& outputs,
                   const std::vector<context_account>& contexts, bool closing) {
  const auto& t = books.tracker;
  script_account scripts = books.scripts;
  auto records = books.records;
  report out;
  for (const auto& c : contexts) {
    merge(scripts, c.books.scripts);
    for (const auto& each : c.records)
      merge(records, each);
    out.contexts.push_back(section_of(c));
  }
  out.packets = {t.seen,
                 t.decoded,
                 t.bytes,
                 named<undecoded>(t.undecoded),
                 books.source.filtered,
                 books.source.kernel_dropped,
                 books.source.interface_dropped,
                 books.source.unread,
                 t.late_packets};
  out.flows = {t.created, t.live, t.peak, t.text_lost, named<end_reason>(t.ended)};
  for (const auto& p : books.protocols)
    out.protocols.push_back({p.name, p.totals.packets, p.totals.bytes, p.totals.flows});
  for (size_t i = 0; i < event_kind_count; ++i)
    out.events.emplace_back(to_string(static_cast<event_kind>(i)), t.events[i]);
  for (const auto& c : scripts.callbacks)
    out.callbacks.push_back({c.costs.script, c.costs.callback, c.costs.calls, c.costs.errors,
                             c.costs.ns_mean, c.costs.ns_p50, c.costs.ns_p99, c.costs.ns_max,
                             c.costs.suspended, limits_of(c.costs)});
  for (const auto& c : scripts.conditions)
    out.conditions.push_back({c.script, c.state, c.breaches, c.reason});
  out.rebuilds = scripts.rebuilds;
  out.data_faults = scripts.data_faults;
  out.messages = messages_of(scripts.messages);
  out.output = {output.taken, output.lost, scripts.output_dropped};
  for (const auto& each : outputs) {
    const auto& r = each.records;
    out.outputs.push_back({each.name, r.taken, r.written, losses_of(r), r.waiting, r.bytes, r.files,
                           r.retries, r.foreign});
  }
  auto workers = books.workers;
  std::ranges::sort(workers, {}, &worker_account::place);
  for (const auto& w : workers)
    out.workers.push_back({w.input, w.worker, w.seen, w.decoded, w.bytes, w.created, w.live, w.peak,
                           w.events, w.balanced});
  balance_packets(out, books);
  if (closing)
    balance_shares(out, workers);
  balance_events(out, books, scripts);
  balance_contexts(out, books, contexts, closing);
  for (const auto& each : outputs)
    balance_records(out, records, each, closing);
  out.ledger.push_back(
    {"output bytes",
     {{"written", output.taken}},
     {{"delivered", output.delivered}, {"lost", output.lost}, {"held", output.held}}});
  return out;
}

} // namespace flowactors
