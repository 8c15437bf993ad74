#pragma once

#include "capture/packet.hpp"

#include <cstdint>
#include <cstring>

namespace flowactors {

/// A number for the two addresses of a packet, the same for both directions, and in every process.
inline uint32_t address_pair_hash(const packet& p) noexcept {
  const auto scatter = [](const address& from) {
    uint64_t halves[2];
    std::memcpy(halves, from.data(), sizeof(halves));
    const uint64_t mixed = (halves[0] * 0x9e3779b97f4a7c15 ^ halves[1]) * 0xd6e8feb86659fd93;
    return mixed ^ mixed >> 32;
  };
  const uint64_t both = (scatter(p.source) + scatter(p.destination)) * 0x9e3779b97f4a7c15;
  return static_cast<uint32_t>(both >> 32);
}

/// Which packets of a stream are a worker's own, when several workers read it. The flow's two
/// addresses decide: nDPI's caches, of which each worker has its own, know hosts, not ports.
struct packet_share {
  uint32_t worker = 0; ///< 0 to workers - 1
  uint32_t workers = 1;

  bool owns(const packet& p) const noexcept {
    return workers == 1 || (uint64_t{address_pair_hash(p)} * workers) >> 32 == worker;
  }

  /// Frames without addresses are the first worker's.
  bool owns_undecoded() const noexcept { return worker == 0; }
};

} // namespace flowactors
