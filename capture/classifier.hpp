#pragma once

#include "capture/detector.hpp"
#include "capture/flow_state.hpp"
#include "capture/packet.hpp"
#include "capture/pool.hpp"
#include "capture/text_blocks.hpp"

#include <cstdint>
#include <memory>

namespace flowactors {

/// Shows the packets of flows to nDPI, each as long as it is of use, and keeps what was found.
/// The first packet of a TCP flow, if it carries nothing, waits for a second one: what is never
/// answered costs 96 bytes instead of a DPI state, and one look at its end. The labels are the same
/// as without waiting.
class classifier {
public:
  /// `dpi` may be empty: then flows stay without a label. Beyond that many packets of a flow nDPI
  /// has to guess.
  classifier(std::unique_ptr<detector> dpi, text_blocks texts, uint32_t max_tcp_packets,
             uint32_t max_udp_packets);
  classifier(classifier&&) = default;

  /// The stage at which a new flow begins.
  dpi_stage first_stage() const noexcept {
    return dpi_ != nullptr ? dpi_stage::none : dpi_stage::done;
  }

  /// True if the packet, as the first of its flow, waits for a second one.
  bool defers(const packet& p) const noexcept;

  /// True if `take` has something to learn from the packet.
  static bool wants(const flow_state& state, const packet& p) noexcept {
    return state.stage != dpi_stage::done || (state.http && p.payload_captured != 0);
  }

  /// A packet of a flow, already counted. nDPI sees it until the flow is decided; of an HTTP
  /// connection the request or response that begins in it is read, so that the record shows the
  /// last exchange. True if there is news: a protocol, or the content type of a response.
  bool take(flow_record& flow, flow_state& state, const packet& p, bool from_client) noexcept;

  /// The flow ends: what is undecided is guessed. The record keeps its text until `forget`.
  void conclude(flow_record& flow, flow_state& state) noexcept;

  /// Gives the flow's text back.
  void forget(flow_record& flow) noexcept { texts_.release(flow.text); }

  /// Gives the flow's DPI state back without concluding, when everything ends.
  void abandon(flow_state& state) noexcept;

  const text_blocks& texts() const noexcept { return texts_; }

private:
  struct http_news;

  detector::outcome inspect(flow_record& flow, flow_state& state, const packet& p) noexcept;
  detector::outcome show(flow_record& flow, flow_state& state, const uint8_t* network,
                         uint32_t captured, int64_t time_ns) noexcept;
  void learn(flow_record& flow, flow_state& state, detector::outcome said,
             const http_news& exchange) noexcept;
  bool defer(flow_state& state, const packet& p) noexcept;

  std::unique_ptr<detector> dpi_;
  text_blocks texts_;
  uint32_t max_tcp_packets_;
  uint32_t max_udp_packets_;
  pool<deferred_packet> deferred_;
};

} // namespace flowactors
