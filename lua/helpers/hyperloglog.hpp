#pragma once

#include <cstddef>
#include <cstdint>

namespace flowactors {

/// The arithmetic of HyperLogLog (Flajolet and others, 2007) with the estimator of Ertl ("New
/// cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6), which needs no
/// correction for small or large sets. Standard error: 1.04 / sqrt(2^precision).
/// Hashes have 63 bits; the lowest bit is not looked at.
struct hyperloglog {
  static constexpr size_t ranks = 64; ///< bound on what a register holds

  unsigned precision; ///< 4 to 16

  size_t registers() const noexcept { return size_t{1} << precision; }
  size_t index(uint64_t hash) const noexcept { return hash >> (64 - precision); }

  /// What the register of this hash holds at least.
  uint8_t rank(uint64_t hash) const noexcept {
    const uint64_t rest = (hash & ~uint64_t{1}) << precision;
    return static_cast<uint8_t>(rest == 0 ? 64 - precision : __builtin_clzll(rest) + 1);
  }

  /// The number of different values, from how many registers hold each rank.
  double estimate(const uint32_t (&histogram)[ranks]) const noexcept;
};

} // namespace flowactors
