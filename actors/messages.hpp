#pragma once

#include "actors/account.hpp"
#include "actors/run_status.hpp"
#include "lua/script_vm.hpp"
#include "nodes/letter.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// The protocol between the actors, on a page.

namespace flowactors {

/// A loaded VM on its way into or out of a capture actor. It bears a live object, against the rule,
/// because it is a transfer of ownership: whoever sends it keeps nothing, so that at any time one
/// thread alone holds the VM.
struct scripts_in_transit {
  std::shared_ptr<script_vm> vm; ///< null = no scripts
  int64_t pause_ns = 0;          ///< on its way out: how long the exchange held up the packets
};

/// A capture worker's ends of lanes on their way to it, likewise.
struct lanes_in_transit {
  std::shared_ptr<std::vector<std::unique_ptr<lane_writer>>> writers;
};

/// What a context actor leaves to its successor.
struct context_end {
  context_snapshot books;
  std::vector<saved_state> saved;
};

/// How far a capture actor has read.
struct capture_progress {
  uint64_t done_bytes = 0;
  uint64_t total_bytes = 0; ///< 0 = not known
  uint64_t packets = 0;
};

/// Settings of a capture that change while it goes on.
struct capture_changes {
  bool times = false; ///< these change
  flow_times to;
  bool filter = false; ///< this changes, for interfaces
  std::string text;
};

/// A capture actor's last word.
struct capture_end {
  capture_snapshot books;
  std::vector<std::string>
    failures; ///< what made the run less than it was meant to be, each a sentence
};

/// What came of a reload.
struct reload_result {
  bool loaded = false;              ///< every capture actor runs the new code
  std::vector<std::string> kept;    ///< files whose old code goes on
  std::vector<std::string> faults;  ///< why, and what else is wrong, each "path:line: message"
  std::vector<std::string> applied; ///< settings that have changed, as "section.key"
  std::vector<std::string> waiting; ///< those that wait for the next start
  int64_t pause_ns = 0; ///< the longest that an exchange of inline scripts held up packets
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, capture_progress& x) {
  return f(caf::meta::type_name("capture_progress"), x.done_bytes, x.total_bytes, x.packets);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, flow_times& x) {
  return f(caf::meta::type_name("flow_times"), x.idle_after_ns, x.closed_after_ns,
           x.active_after_ns, x.update_every_ns);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, capture_changes& x) {
  return f(caf::meta::type_name("capture_changes"), x.times, x.to, x.filter, x.text);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, capture_end& x) {
  return f(caf::meta::type_name("capture_end"), x.books, x.failures);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, reload_result& x) {
  return f(caf::meta::type_name("reload_result"), x.loaded, x.kept, x.faults, x.applied, x.waiting,
           x.pause_ns);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, saved_state& x) {
  return f(caf::meta::type_name("saved_state"), x.script, x.bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, context_end& x) {
  return f(caf::meta::type_name("context_end"), x.books, x.saved);
}

} // namespace flowactors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(flowactors::scripts_in_transit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(flowactors::lanes_in_transit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(flowactors::shared_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(flowactors::shared_letter)

CAF_BEGIN_TYPE_ID_BLOCK(flowactors, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(flowactors, (flowactors::capture_snapshot))
CAF_ADD_TYPE_ID(flowactors, (flowactors::capture_progress))
CAF_ADD_TYPE_ID(flowactors, (flowactors::capture_end))
CAF_ADD_TYPE_ID(flowactors, (flowactors::reload_result))
CAF_ADD_ATOM(flowactors, flowactors, run_atom, "run")
CAF_ADD_ATOM(flowactors, flowactors, poll_atom, "poll")
CAF_ADD_ATOM(flowactors, flowactors, swap_atom, "swap")
CAF_ADD_ATOM(flowactors, flowactors, snapshot_atom, "snapshot")
CAF_ADD_ATOM(flowactors, flowactors, progress_atom, "progress")
CAF_ADD_ATOM(flowactors, flowactors, drain_atom, "drain")
CAF_ADD_ATOM(flowactors, flowactors, reload_atom, "reload")
CAF_ADD_ATOM(flowactors, flowactors, load_atom, "load")
CAF_ADD_ATOM(flowactors, flowactors, tick_atom, "tick")
CAF_ADD_TYPE_ID(flowactors, (flowactors::record_counters))
CAF_ADD_ATOM(flowactors, flowactors, write_atom, "write")
CAF_ADD_ATOM(flowactors, flowactors, reopen_atom, "reopen")
CAF_ADD_ATOM(flowactors, flowactors, finish_atom, "finish")
CAF_ADD_ATOM(flowactors, flowactors, status_atom, "status")
CAF_ADD_TYPE_ID(flowactors, (flowactors::context_snapshot))
CAF_ADD_ATOM(flowactors, flowactors, work_atom, "work")
CAF_ADD_ATOM(flowactors, flowactors, give_up_atom, "give-up")
CAF_ADD_TYPE_ID(flowactors, (flowactors::context_end))
CAF_ADD_ATOM(flowactors, flowactors, lanes_atom, "lanes")
CAF_ADD_ATOM(flowactors, flowactors, retire_atom, "retire")
CAF_ADD_ATOM(flowactors, flowactors, dialed_atom, "dialed")
CAF_ADD_ATOM(flowactors, flowactors, done_atom, "done")
CAF_ADD_TYPE_ID(flowactors, (flowactors::capture_changes))
CAF_ADD_ATOM(flowactors, flowactors, change_atom, "change")
CAF_ADD_ATOM(flowactors, flowactors, letter_atom, "letter")
CAF_ADD_ATOM(flowactors, flowactors, ask_atom, "ask")
CAF_END_TYPE_ID_BLOCK(flowactors)

namespace flowactors {

/// Reads one input, tracks its flows, runs the inline scripts.
using capture_actor = caf::typed_actor<
  // Read until nothing more comes or you are told to stop. Answered at the end.
  caf::replies_to<run_atom>::with<capture_end>,
  // (to itself) Read for one slice of time.
  caf::reacts_to<poll_atom>,
  // Run these scripts from the next burst on. Answered with those that ran until now.
  caf::replies_to<swap_atom, scripts_in_transit>::with<scripts_in_transit>,
  // Use these lanes from the next burst on. Answered once the others have got all that was for
  // them.
  caf::reacts_to<lanes_atom, lanes_in_transit>,
  // Change these settings from the next burst on. Answered with what kept that from being done, or
  // nothing.
  caf::replies_to<change_atom, capture_changes>::with<std::string>,
  // What have you counted so far?
  caf::replies_to<snapshot_atom>::with<capture_snapshot>,
  // How far have you come?
  caf::replies_to<progress_atom>::with<capture_progress>,
  // Read no more, end every flow, then answer `run`.
  caf::reacts_to<drain_atom>>;

/// Runs the scripts of one shard of a context over the batches that lanes bring.
using context_actor = caf::typed_actor<
  // Begin: your scripts are loaded, your lanes are there.
  caf::reacts_to<run_atom>,
  // (from a lane) Something waits for you.
  caf::reacts_to<work_atom>,
  // (to itself) Handle another batch of each lane.
  caf::reacts_to<poll_atom>,
  // What have you counted so far?
  caf::replies_to<snapshot_atom>::with<context_snapshot>,
  // End now, between two batches: a successor goes on.
  caf::replies_to<retire_atom>::with<context_end>,
  // Handle what waits, then end. Answered with the books.
  caf::replies_to<finish_atom>::with<context_snapshot>>;

/// Writes the records that wait for one output.
using output_actor = caf::typed_actor<
  // (for one that was spawned to wait) Begin: whoever wrote to the same place has ended.
  caf::reacts_to<run_atom>,
  // (from whoever put something into the empty queue) Write what waits.
  caf::reacts_to<write_atom>,
  // (to itself) Do another piece of work.
  caf::reacts_to<poll_atom>,
  // Open the file anew: it was moved away. Answered with what kept that from being done, or
  // nothing.
  caf::replies_to<reopen_atom>::with<std::string>,
  // Write what waits, then end. Answered with the books.
  caf::replies_to<finish_atom>::with<record_counters>>;

/// Takes events of other nodes for the contexts of this one.
using node_actor = caf::typed_actor<
  // Begin to listen: the contexts are there.
  caf::reacts_to<run_atom>,
  // (from whoever let go of a batch last) It is done: session, lane.
  caf::reacts_to<done_atom, uint64_t, uint16_t>,
  // (to itself) Look at the clock.
  caf::reacts_to<tick_atom>,
  // Take nothing more, and end once all that came is done.
  caf::replies_to<finish_atom>::with<bool>>;

/// Asks all nodes to which there are links, and those behind them, and answers when they ask.
using cluster_actor = caf::typed_actor<
  // What does each node answer to this command, within so many ms? A list as JSON, an entry for
  // each.
  caf::replies_to<ask_atom, std::string, uint32_t>::with<std::string>,
  // (from the post office) This has come from this node over this connection; null = that is gone.
  caf::reacts_to<letter_atom, std::string, uint64_t, shared_letter>,
  // (to itself) The time of this request is over: origin, serial.
  caf::reacts_to<tick_atom, uint64_t, uint64_t>>;

/// Owns the plan: starts the capture actors, reloads their scripts, stops them, and makes up the
/// account.
using supervisor_actor = caf::typed_actor<
  // Read settings and scripts anew and reopen the log. What comes before that has begun is one
  // reload. Answered when all is in place.
  caf::replies_to<reload_atom>::with<reload_result>,
  // (to itself) Begin the reload that was asked for.
  caf::reacts_to<load_atom>,
  // Stop: drain the capture actors, then end.
  caf::reacts_to<drain_atom>,
  // (at a second signal, and to itself when the grace is over) Wait for no context any more.
  caf::reacts_to<give_up_atom>,
  // Print the account of the run so far.
  caf::reacts_to<snapshot_atom>,
  // How does it go? A capture that is busy for long is left out, and named.
  caf::replies_to<status_atom>::with<shared_status>,
  // What does each node answer? See cluster_actor.
  caf::replies_to<ask_atom, std::string, uint32_t>::with<std::string>,
  // (to itself) Show the progress.
  caf::reacts_to<tick_atom>>;

} // namespace flowactors
