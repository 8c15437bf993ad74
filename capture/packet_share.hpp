#pragma once

#include "capture/packet.hpp"

#include <endian.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace flowactors {

/// A number for the lower of a packet's two addresses: the same for both directions, and in every
/// process.
inline uint32_t lower_address_hash(const packet& p) noexcept {
  const auto halves = [](const address& from) {
    std::array<uint64_t, 2> out;
    std::memcpy(out.data(), from.data(), sizeof(out));
    return std::array{be64toh(out[0]), be64toh(out[1])};
  };
  const auto [high, low] = std::min(halves(p.source), halves(p.destination));
  const uint64_t mixed = (high * 0x9e3779b97f4a7c15 ^ low) * 0xd6e8feb86659fd93;
  return static_cast<uint32_t>(((mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15) >> 32);
}

/// Which packets of a stream are a worker's own, when several workers read it. One address of the
/// flow decides: nDPI's caches, of which each worker has its own, know hosts, and what they hear of
/// a host with one peer tells them what it does with another.
struct packet_share {
  uint32_t worker = 0; ///< 0 to workers - 1
  uint32_t workers = 1;

  bool owns(uint32_t hash) const noexcept { return (uint64_t{hash} * workers) >> 32 == worker; }

  bool owns(const packet& p) const noexcept { return workers == 1 || owns(lower_address_hash(p)); }

  /// Known to be another's, before anything of it is read.
  bool gives_away(const frame& f) const noexcept { return f.share != 0 && !owns(f.share); }

  /// Frames without addresses are the first worker's.
  bool owns_undecoded() const noexcept { return worker == 0; }
};

} // namespace flowactors
