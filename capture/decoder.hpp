#pragma once

#include "capture/packet.hpp"
#include "capture/packet_share.hpp"

#include <cstdint>
#include <memory>

namespace flowactors {

/// What the decoder unwraps and refuses. Defaults are those of the settings.
struct decoder_options {
  bool ip_in_ip = true;
  bool six_in_four = true;
  bool gre = true;
  bool vxlan = true;
  bool gtp = true;
  bool capwap = false;
  bool tzsp = false;
  uint16_t vxlan_port = 4789;
  uint16_t gtp_port = 2152;
  /// Later fragments follow their first one by (addresses, protocol, identification); false: they
  /// are counted and dropped.
  bool follow_fragments = true;
  uint32_t fragment_entries = 4096;              ///< datagrams remembered, oldest forgotten first
  int64_t fragment_lifetime_ns = 30'000'000'000; ///< packet time
  /// Packets cut by the snap length below their IP total length are decoded as far as they go;
  /// false: they are counted and dropped, and with them those that leave their length out
  /// (segmentation offload), as they can't be shown to be whole.
  bool keep_incomplete = true;
  /// Damaged headers are counted and dropped; false: they are read on as ndpiReader 4.2 does (an
  /// IPv4 header may claim any length, and behind an unknown EtherType nothing is a fragment), for
  /// equal counts.
  bool drop_damaged = true;
  uint8_t max_headers =
    16; ///< bound on labels, tags, extension headers and tunnels of one frame, each
};

class fragment_cache;

/// Frames to packets: link layers, tags, labels, tunnels, IPv4 and IPv6, fragments, TCP, UDP, SCTP,
/// ICMP. Holds no pointer into a frame. Not thread-safe: one for each capture worker.
class decoder {
public:
  explicit decoder(const decoder_options& options);
  ~decoder();
  decoder(decoder&&) noexcept;

  /// Decodes `in` into `out`; on anything but `undecoded::none`, `out` is unspecified. Of a packet
  /// that the share doesn't own only the addresses and the time are promised.
  ///
  /// A tunnel that a UDP port or a GRE header promises is opened only if an IP packet stands
  /// inside: otherwise the outer packet is the result. A later fragment has addresses, protocol,
  /// ports and tunnel of the flow of its first fragment (the inner one, if that held a tunnel),
  /// whereas `network` is its own IP header and `payload` its data. A packet that is too short by
  /// its own IP length for a transport header has ports 0 and no payload.
  undecoded decode(const frame& in, packet& out, const packet_share& share = {}) noexcept;

private:
  decoder_options options_;
  std::unique_ptr<fragment_cache> fragments_;
};

/// frame::share of a frame that is decoded for sure and has no tunnel and no fragment; 0 for the
/// others, which each worker has to decode.
uint32_t share_of(const decoder_options& options, const frame& in) noexcept;

} // namespace flowactors
