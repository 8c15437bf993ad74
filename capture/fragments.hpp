#pragma once

#include "capture/packet.hpp"

#include <cstdint>
#include <vector>

namespace flowactors {

/// What tells the fragments of one datagram from those of others (RFC 791, 3.2; RFC 8200, 4.5).
struct datagram_key {
  address source;
  address destination;
  uint32_t identification;
  uint16_t vlan;
  uint8_t protocol;

  bool operator==(const datagram_key&) const = default;
};

/// The flow that a first fragment belongs to. With a tunnel in the datagram it is the inner one.
struct datagram_flow {
  address source;
  address destination;
  uint32_t tunnel_id;
  uint16_t source_port;
  uint16_t destination_port;
  uint16_t vlan;
  uint8_t protocol;
  uint8_t ip_version;
  tunnel_kind tunnel;
  uint8_t icmp_type;
  uint8_t icmp_code;
};

/// Remembers the flows of first fragments, so that later ones can follow: at most `entries`, the
/// oldest is forgotten first, and none is used after `lifetime_ns` of packet time. Nothing is
/// allocated after construction; each call is O(1).
class fragment_cache {
public:
  fragment_cache(uint32_t entries, int64_t lifetime_ns);

  /// Remembers a first fragment; one with the same key is forgotten.
  void remember(const datagram_key& key, const datagram_flow& flow, int64_t time_ns) noexcept;

  /// The flow of the first fragment with this key, or null.
  const datagram_flow* find(const datagram_key& key, int64_t time_ns) const noexcept;

private:
  struct entry {
    datagram_key key;
    datagram_flow flow;
    int64_t time_ns;
    uint32_t next; // in its chain
    bool used;
  };

  uint32_t& chain_of(const datagram_key& key) noexcept {
    return chains_[hash(key) & (chains_.size() - 1)];
  }
  uint64_t hash(const datagram_key& key) const noexcept;
  uint32_t lookup(const datagram_key& key) const noexcept;
  void forget(uint32_t index) noexcept;

  std::vector<entry> entries_;   // a ring in order of arrival
  std::vector<uint32_t> chains_; // a power of two; first entry of each chain
  int64_t lifetime_ns_;
  uint64_t seed_;
  uint32_t oldest_ = 0;
};

} // namespace flowactors
