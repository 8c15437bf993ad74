#pragma once

#include "capture/packet.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace flowactors::bench {

/// A frame as Ethernet, or nothing if its link type can't be turned into it or the snap length cut
/// it.
std::vector<uint8_t> as_ethernet(const frame& in);

/// What is other in each copy of a packet: bits of addresses, and the checksums over them.
struct patch {
  struct flip {
    uint32_t at;   ///< four bytes of an address
    uint8_t shift; ///< where in them the copy's number is
  };
  std::array<flip, 2> flips;
  std::array<uint32_t, 2> checksums; ///< of IP and of the transport
  uint8_t flip_count = 0;
  uint8_t checksum_count = 0;
};

/// Makes `frame` the copy of that number; 0 is the original. Checksums that were right stay so
/// (RFC 1624).
void apply(std::span<const patch> patches, uint16_t copy, std::span<uint8_t> frame) noexcept;

/// Says what to change in the frames of one capture, so that copies of it are flows of their own
/// and still what they were to nDPI: private addresses move (within their network); where both are
/// public, the client's does (the higher port, or who spoke first), so that servers known by their
/// address stay. Multicast, broadcast and unspecified addresses stay.
class address_mover {
public:
  /// Appends the patches of an Ethernet frame, tunnelled packets included (not TZSP, CAPWAP). Takes
  /// away the UDP checksum of a tunnel, which it needn't have (RFC 6935).
  void find(std::span<uint8_t> frame, std::vector<patch>& out);

private:
  struct network;

  void ethernet(std::span<uint8_t> frame, size_t at, int depth);
  void ip(std::span<uint8_t> frame, size_t at, int depth);
  void transport(std::span<uint8_t> frame, network& header, int depth);
  void tunnel(std::span<uint8_t> frame, const network& header, int depth);
  void add_flips(std::span<const uint8_t> frame, const network& header, patch& to);

  std::map<std::pair<address, address>, address> clients_;
  std::vector<patch>* out_ = nullptr;
};

} // namespace flowactors::bench
