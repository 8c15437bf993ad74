#pragma once

#include "capture/decoder.hpp"
#include "capture/event.hpp"
#include "capture/packet_share.hpp"
#include "capture/result.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace flowactors {

/// When flows end and are told of, in ns of packet time.
struct flow_times {
  int64_t idle_after_ns = 60'000'000'000;  ///< 0 = never
  int64_t closed_after_ns = 3'000'000'000; ///< after FIN or RST; 0 = like idle
  int64_t active_after_ns = 0;             ///< 0 = never
  int64_t update_every_ns = 5'000'000'000;
};

struct tracker_options : flow_times {
  decoder_options decoding;
  bool count_captured =
    false; ///< bytes are those captured (as ndpiReader counts), not those on the wire
  uint32_t max_flows = 1'000'000;
  std::vector<std::string> local_networks; ///< CIDR
  bool dpi = true;
  bool guess = true;             ///< by port and address when nDPI gives up
  uint32_t max_tcp_packets = 80; ///< given to nDPI for a flow
  uint32_t max_udp_packets = 24;
  std::string protocols_file; ///< nDPI's format, empty = none
  packet_share share;         ///< whose flows are tracked, of all whose frames are seen
  uint64_t first_id = 0; ///< flow_record::id = this + number of the frame, from 1, times id_step
  uint64_t id_step = 1;  ///< trackers with one step and different first_id share no id
};

/// Packets, bytes and flows of one protocol, by ended flows.
struct protocol_totals {
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t flows = 0;
};

/// What a tracker has counted. Equations, valid between two calls:
///   frames that it was given = seen + of_others
///   seen = decoded + sum(undecoded)
///   decoded = packets of ended flows + packets of live flows
///   created = sum(ended) + live
struct tracker_counters {
  uint64_t seen = 0;      ///< frames of its share
  uint64_t of_others = 0; ///< frames of other workers' shares: time went on by them
  uint64_t decoded = 0;
  std::array<uint64_t, undecoded_count> undecoded{}; ///< by reason; [none] stays 0
  uint64_t bytes = 0;                                ///< wire bytes of decoded packets
  uint64_t created = 0;
  std::array<uint64_t, end_reason_count> ended{}; ///< by reason; [none] stays 0
  uint64_t live = 0;
  uint64_t peak = 0;
  uint64_t packets_of_ended = 0;
  uint64_t bytes_of_ended = 0;
  uint64_t packets_of_live = 0; ///< found by a walk over the table when asked for
  std::array<uint64_t, event_kind_count> events{}; ///< handed to the handler, by kind
  uint64_t late_packets = 0; ///< timestamps that went back; time is held, nothing is dropped
  uint64_t text_lost = 0;    ///< text blocks for which the arena had no room
  int64_t first_ns = 0;      ///< packet time of the first and the newest packet
  int64_t now_ns = 0;
};

/// The packet line of one capture worker: decoder, flow table, TCP, nDPI, timers. Frames in, flow
/// events out. Where several workers share a stream, each is given all of it and takes its share:
/// so all see the same time, and what happens to a flow does not depend on their number. Not
/// thread-safe; several in a process may run side by side, but are made one after another on one
/// thread (nDPI's rule).
class tracker {
public:
  static result<std::unique_ptr<tracker>> make(const tracker_options& options);
  ~tracker();

  /// Takes a burst of frames, in order. Any number; 64 at a time is the speed that it was built
  /// for.
  void process(std::span<const frame> frames, event_handler& handler) noexcept;

  /// Time goes on without packets: timeouts and updates up to `now_ns` happen.
  void advance(int64_t now_ns, event_handler& handler) noexcept;

  /// Timeouts and update interval are those of `from` now, also for the flows that live.
  void set_times(const flow_times& from) noexcept;

  /// Ends every flow, in an order that depends on nothing but the packets. The tracker can go on
  /// afterwards.
  void finish(end_reason reason, event_handler& handler) noexcept;

  /// Counters as of now. Looks at every live flow: not for the packet path.
  tracker_counters counters() const noexcept;

  /// Frames of its share so far.
  uint64_t seen() const noexcept;

  /// Packet time: ns since 1970, 0 before the first packet.
  int64_t now_ns() const noexcept;

  /// Totals of ended flows by protocol number (application, or master where there is none), as
  /// ndpiReader counts.
  const std::vector<protocol_totals>& protocols() const noexcept;

  /// Names behind the numbers in records; lives as long as the tracker.
  const catalog& names() const noexcept;

  /// Where flow_record::text points into; fixed for the tracker's life.
  const char* text_arena() const noexcept;

private:
  struct impl;
  explicit tracker(std::unique_ptr<impl> data);
  std::unique_ptr<impl> impl_;
};

} // namespace flowactors
