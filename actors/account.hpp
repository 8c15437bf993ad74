#pragma once

#include "actors/lane_writer.hpp"
#include "actors/link_account.hpp"
#include "capture/source.hpp"
#include "capture/tracker.hpp"
#include "lua/script_vm.hpp"
#include "outputs/record_ports.hpp"
#include "outputs/report.hpp"

#include <caf/meta/type_name.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace flowactors {

/// What one callback of one script has cost, over all VMs that ran it.
struct callback_account {
  callback_costs costs;
  uint64_t events = 0; ///< of its kind, handled by VMs that had this callback
};

/// What VMs have done.
struct script_account {
  std::array<uint64_t, event_kind_count> handled{}; ///< events by kind
  std::vector<callback_account> callbacks;          ///< by script, then callback
  std::vector<script_condition> conditions;         ///< by script; of the newest VM
  uint64_t output_dropped = 0; ///< bytes that scripts wrote beyond the bound of a second
  uint64_t rebuilds = 0;       ///< how often a VM had to be built anew
  uint64_t data_faults = 0;    ///< ends of flows whose flow.data could not be dropped
  message_counts messages;
};

/// The account of a VM up to now.
script_account account_of(const script_vm& vm);

/// The books of a link as the report has them.
report::link_section section_of(const link_account& from);

/// Adds one account to another. Counts add up, the mean is that of all calls that were timed, of
/// the percentiles the worse one stays, and of a script's conditions the worse one.
void merge(script_account& into, const script_account& more);

/// The totals of a protocol, by name.
struct protocol_account {
  std::string name;
  protocol_totals totals;
};

/// What one worker has done, for the report.
struct worker_account {
  uint32_t place = 0; ///< among all workers of the run
  std::string input;
  uint32_t worker = 1; ///< of those of the input, from 1
  uint32_t workers = 1;
  bool shared = false; ///< each worker of the input is given all packets
  uint64_t seen = 0;
  uint64_t of_others = 0; ///< packets that it left to other workers
  uint64_t decoded = 0;
  uint64_t bytes = 0;
  uint64_t created = 0;
  uint64_t live = 0;
  uint64_t peak = 0;
  uint64_t events = 0;
  bool balanced = true; ///< its own ledger
};

/// Everything that a capture actor has counted, as of a moment between two bursts.
struct capture_snapshot {
  source_counters source;
  tracker_counters tracker;
  std::vector<protocol_account> protocols; ///< those with flows
  script_account scripts;
  std::array<uint64_t, event_kind_count> unscripted{}; ///< events that were for outputs alone
  std::vector<record_account> records;                 ///< what was handed to outputs
  std::vector<lane_sending> lanes;                     ///< what was handed to contexts
  std::vector<worker_account> workers;                 ///< the supervisor's to fill in
};

/// What the actors of a context have counted, each between two batches.
struct context_snapshot {
  script_account scripts;    ///< with the context before the names of files
  kind_counts taken{};       ///< events that came out of lanes
  kind_counts interrupted{}; ///< of these, those that a breakdown kept from the scripts
  uint64_t batches = 0;
  uint64_t skipped = 0;            ///< sequence numbers that did not come
  uint64_t doubled = 0;            ///< and that came again
  std::vector<link_account> links; ///< by the node's place
};

void merge(context_snapshot& into, const context_snapshot& more);

/// The books of a lane.
struct lane_account {
  uint32_t worker = 0;
  uint32_t shard = 0;
  uint64_t most = 0; ///< its credit
  lane_counters counters;
};

/// Adds it to the lanes between the same ends that were there before it, or to the list.
void merge(std::vector<lane_account>& into, const lane_account& more);

/// The books of a context, and how it is.
struct context_account {
  std::string name;
  std::string state;  ///< running | ended | parked | removed
  std::string reason; ///< of a context that is parked; else of the last breakdown, if there was one
  std::string failure; ///< a sentence; empty = none
  std::vector<std::string> files;
  bool compiled = false;
  uint64_t machines = 0; ///< VMs
  uint64_t restarts = 0;
  context_snapshot books;
  std::vector<record_account> records; ///< what was handed to outputs
  std::vector<lane_account> lanes;
};

/// The row of a worker whose books these are; who it is stands there already.
worker_account account_of(const capture_snapshot& books, worker_account row);

/// Adds one worker's books to another's.
void merge(capture_snapshot& into, const capture_snapshot& more);

/// Where scripts' output went.
struct output_counters {
  uint64_t taken = 0;     ///< bytes that scripts wrote
  uint64_t delivered = 0; ///< bytes that standard output took
  uint64_t lost = 0;      ///< bytes that it did not
  uint64_t held = 0;      ///< bytes that wait for it
};

/// The books of an output, and of those that had its name before it.
struct output_account {
  std::string name;
  record_counters records;
};

/// The report of a run: counts, and the ledger's equations. Time and memory stay 0. `closing`: at
/// the end, when nothing is under way between a capture and an output.
report make_report(const capture_snapshot& books, const output_counters& output,
                   const std::vector<output_account>& outputs = {},
                   const std::vector<context_account>& contexts = {}, bool closing = false);

// -- so that these may cross a mailbox
// -------------------------------------------------------------

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, source_counters& x) {
  return f(caf::meta::type_name("source_counters"), x.handed_out, x.filtered, x.bytes,
           x.kernel_dropped, x.interface_dropped, x.unread);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tracker_counters& x) {
  return f(caf::meta::type_name("tracker_counters"), x.seen, x.of_others, x.decoded, x.undecoded,
           x.bytes, x.created, x.ended, x.live, x.peak, x.packets_of_ended, x.bytes_of_ended,
           x.packets_of_live, x.events, x.late_packets, x.text_lost, x.first_ns, x.now_ns);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, protocol_totals& x) {
  return f(caf::meta::type_name("protocol_totals"), x.packets, x.bytes, x.flows);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, protocol_account& x) {
  return f(caf::meta::type_name("protocol_account"), x.name, x.totals);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, callback_costs& x) {
  return f(caf::meta::type_name("callback_costs"), x.script, x.callback, x.calls, x.errors,
           x.sampled, x.ns_mean, x.ns_p50, x.ns_p99, x.ns_max, x.suspended, x.limits);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, script_condition& x) {
  return f(caf::meta::type_name("script_condition"), x.script, x.state, x.breaches, x.reason);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, callback_account& x) {
  return f(caf::meta::type_name("callback_account"), x.costs, x.events);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, message_counts& x) {
  return f(caf::meta::type_name("message_counts"), x.sent, x.received, x.waiting, x.ended);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, script_account& x) {
  return f(caf::meta::type_name("script_account"), x.handled, x.callbacks, x.conditions,
           x.output_dropped, x.rebuilds, x.data_faults, x.messages);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, capture_snapshot& x) {
  return f(caf::meta::type_name("capture_snapshot"), x.source, x.tracker, x.protocols, x.scripts,
           x.unscripted, x.records, x.lanes, x.workers);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, lane_sending& x) {
  return f(caf::meta::type_name("lane_sending"), x.context, x.shard, x.worker, x.emitted,
           x.collecting, x.put);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, context_snapshot& x) {
  return f(caf::meta::type_name("context_snapshot"), x.scripts, x.taken, x.interrupted, x.batches,
           x.skipped, x.doubled, x.links);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, worker_account& x) {
  return f(caf::meta::type_name("worker_account"), x.place, x.input, x.worker, x.workers, x.shared,
           x.seen, x.of_others, x.decoded, x.bytes, x.created, x.live, x.peak, x.events,
           x.balanced);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, record_account& x) {
  return f(caf::meta::type_name("record_account"), x.output, x.emitted, x.flows);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, record_counters& x) {
  return f(caf::meta::type_name("record_counters"), x.taken, x.written, x.lost, x.waiting, x.bytes,
           x.files, x.retries, x.foreign);
}

} // namespace flowactors
