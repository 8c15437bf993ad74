#pragma once

#include "capture/packet.hpp"
#include "capture/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace flowactors {

/// A short list of networks in CIDR notation, asked for the most specific one that holds an
/// address.
class networks {
public:
  /// "10.0.0.0/8", "fe80::/10", or a single address.
  static result<networks> make(const std::vector<std::string>& cidrs);

  /// The number of the most specific network with that address; -1 = none.
  int16_t find(const uint8_t (&bytes)[16]) const noexcept;

private:
  struct network {
    uint64_t high, low; // first address, as two words of network order
    uint64_t high_mask, low_mask;
    int prefix;
  };
  std::vector<network> networks_;
};

} // namespace flowactors
