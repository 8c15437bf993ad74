#pragma once

#include "capture/event.hpp"
#include "capture/result.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace flowactors {

/// A count under its name.
using named_count = std::pair<std::string, uint64_t>;

/// One equation of the ledger: the sum of the left terms equals the sum of the right ones, or
/// something is amiss.
struct ledger_equation {
  std::string name; ///< "packets decoded"
  std::vector<named_count> left;
  std::vector<named_count> right;

  bool balanced() const noexcept;
  /// "packets decoded: seen 5 != decoded 3 + not_ip 1", or with "=".
  std::string text() const;
};

/// The account of a run, field by field as docs/report.md has it.
struct report {
  struct packet_section {
    uint64_t seen = 0;
    uint64_t decoded = 0;
    uint64_t bytes = 0;
    std::vector<named_count> undecoded; ///< every reason
    uint64_t filtered = 0;
    uint64_t kernel_dropped = 0;
    uint64_t interface_dropped = 0;
    uint64_t unread = 0;
    uint64_t late = 0;
  } packets;

  struct flow_section {
    uint64_t created = 0;
    uint64_t live = 0;
    uint64_t peak = 0;
    uint64_t text_lost = 0;
    std::vector<named_count> ended; ///< every reason
  } flows;

  struct protocol {
    std::string name;
    uint64_t packets = 0;
    uint64_t bytes = 0;
    uint64_t flows = 0;
  };
  std::vector<protocol> protocols; ///< by name

  std::vector<named_count> events; ///< every kind

  struct callback {
    std::string script;
    std::string name;
    uint64_t calls = 0;
    uint64_t errors = 0;
    double ns_mean = 0;
    double ns_p50 = 0;
    double ns_p99 = 0;
    double ns_max = 0;
    uint64_t suspended = 0;          ///< events while the script was suspended
    std::vector<named_count> limits; ///< errors by a broken limit, every kind
  };
  std::vector<callback> callbacks; ///< by script, then name

  struct condition {
    std::string script;
    std::string state; ///< running | suspended | trial | off
    uint64_t breaches = 0;
    std::string reason; ///< of the last breach
  };
  std::vector<condition> conditions; ///< by script
  uint64_t rebuilds = 0;             ///< VMs that had to be built anew
  uint64_t data_faults = 0;          ///< ends of flows whose flow.data could not be dropped

  struct message_section {
    uint64_t sent = 0;
    uint64_t received = 0;          ///< of other VMs
    std::vector<named_count> ended; ///< delivered, posted, lost by reason, waiting
  } messages;                       ///< of scripts, in their VMs

  struct post_section {
    uint64_t copies = 0;
    std::vector<named_count> ended; ///< taken, passed_on, lost by reason, waiting
    uint64_t come = 0;              ///< from other nodes
    uint64_t again = 0;             ///< of these, those that had come before, on another way
  };

  /// What is on its way to other VMs and nodes.
  struct {
    post_section messages; ///< copies of them
    post_section records;
    uint64_t unheard = 0; ///< requests and answers of other nodes that came too fast
  } post;

  struct output_section {
    uint64_t written_bytes = 0;
    uint64_t lost_bytes = 0;
    uint64_t dropped_bytes = 0; ///< not written: beyond the bound of a second
  } output;

  struct record_section {
    std::string name;
    uint64_t taken = 0;
    uint64_t written = 0;
    std::vector<named_count> lost; ///< every reason
    uint64_t waiting = 0;
    uint64_t bytes = 0;
    uint64_t files = 0;
    uint64_t retries = 0;
    uint64_t foreign = 0; ///< of those taken, records of other nodes
  };
  std::vector<record_section> outputs; ///< by name

  struct lane_section {
    uint64_t worker = 0;
    uint64_t shard = 0;
    std::vector<named_count> taken;   ///< every kind
    std::vector<named_count> handled; ///< every kind
    /// Every reason, each with every kind.
    std::vector<std::pair<std::string, std::vector<named_count>>> lost;
    uint64_t waiting = 0;
    uint64_t batches = 0;
    uint64_t credit = 0; ///< in all
    uint64_t peak = 0;   ///< the most of it that was in use
    uint64_t waits = 0;
  };
  struct link_section {
    std::string at;
    std::string node;
    std::string state;
    std::string trouble;
    uint64_t connections = 0;
    uint64_t batches = 0;
    uint64_t resent = 0;
    uint64_t sent = 0; ///< events, to the process that is there now
    uint64_t done = 0;
    uint64_t bytes = 0;
    uint64_t round_trips = 0;
    uint64_t p50_us = 0; ///< of a batch, from being sent until it was done
    uint64_t p99_us = 0;
  };
  struct context_section {
    std::string name;
    std::string state;
    std::string reason;
    uint64_t restarts = 0;
    std::vector<lane_section> lanes; ///< by worker, then shard
    std::vector<link_section> links; ///< to the nodes that run it; empty = it runs here
  };
  std::vector<context_section> contexts; ///< by name

  struct worker_section {
    std::string input;
    uint32_t worker = 1; ///< of the input, from 1
    uint64_t seen = 0;   ///< packets
    uint64_t decoded = 0;
    uint64_t bytes = 0;
    uint64_t created = 0; ///< flows
    uint64_t live = 0;
    uint64_t peak = 0;
    uint64_t events = 0;
    bool balanced = true; ///< its own ledger
  };
  std::vector<worker_section> workers;

  /// What the node is for others.
  struct node_section {
    std::string name;
    std::string listen; ///< host:port, empty = nowhere
    bool tls = false;
    std::vector<named_count> refused; ///< connections, every reason
    struct peer {
      std::string node;
      std::string context;
      uint64_t received = 0; ///< events, since the link began anew
      uint64_t done = 0;
    };
    std::vector<peer> peers;         ///< nodes whose events come here
    std::vector<link_section> links; ///< for messages, records and questions
  } node;

  std::vector<ledger_equation> ledger; ///< of the run as a whole

  double elapsed_s = 0;
  double user_s = 0;
  double system_s = 0;
  uint64_t peak_rss_bytes = 0;

  /// The ledger of the run, and that of each worker.
  bool balanced() const noexcept;
};

/// The report as JSON text, always in the same order, with a newline at the end.
std::string to_json(const report& from);

/// Writes text to a file as a whole (a neighbour that is renamed), or to what is not a file (a
/// device, a FIFO) directly; "-" is standard output, whose reader may be gone: that is no error.
/// Errors name the file, what is wrong, and the way out.
result<void> write_whole(const std::string& path, const std::string& text);

} // namespace flowactors
