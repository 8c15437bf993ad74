#pragma once
// Hand-made frames: each function puts a header with right lengths in front of what it is given, so
// that calls nest as headers do: ethernet(0x0800, ipv4(6, tcp(40000, 443, tcp_flag::syn))).

#include "capture/packet.hpp"

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace flowactors::frames {

using bytes = std::vector<uint8_t>;

inline bytes text(std::string_view content) {
  return {content.begin(), content.end()};
}

inline void put16(bytes& out, uint32_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}

inline void put32(bytes& out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}

inline bytes join(bytes head, const bytes& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

/// 02:00:00:00:00:0b <- 02:00:00:00:00:0a; `type` is an EtherType or an 802.3 length.
inline bytes ethernet(uint16_t type, const bytes& content, uint8_t destination = 0x0b,
                      uint8_t source = 0x0a) {
  bytes out{2, 0, 0, 0, 0, destination, 2, 0, 0, 0, 0, source};
  put16(out, type);
  return join(out, content);
}

/// What follows an EtherType 0x8100, 0x88a8 or 0x9100.
inline bytes vlan(uint16_t id, uint16_t type, const bytes& content) {
  bytes out;
  put16(out, 0x2000u | id); // with a priority, which must not become part of the number
  put16(out, type);
  return join(out, content);
}

struct ipv4_fields {
  uint32_t source = 0x0a000001; ///< 10.0.0.1
  uint32_t destination = 0x0a000002;
  uint16_t identification = 1;
  uint16_t fragment = 0; ///< flags (0x2000 = more) and offset in units of 8 bytes
  uint8_t ttl = 64;
  bytes options = {};    ///< a multiple of 4 bytes
  int total_length = -1; ///< -1 = the right one
};

inline bytes ipv4(uint8_t protocol, const bytes& content, const ipv4_fields& fields = {}) {
  const size_t header = 20 + fields.options.size();
  bytes out{static_cast<uint8_t>(0x40 | header / 4), 0};
  put16(out, fields.total_length < 0 ? static_cast<uint32_t>(header + content.size())
                                     : static_cast<uint32_t>(fields.total_length));
  put16(out, fields.identification);
  put16(out, fields.fragment);
  out.push_back(fields.ttl);
  out.push_back(protocol);
  put16(out, 0);
  put32(out, fields.source);
  put32(out, fields.destination);
  return join(join(out, fields.options), content);
}

struct ipv6_fields {
  uint8_t source = 1; ///< last byte of 2001:db8::
  uint8_t destination = 2;
  uint8_t hop_limit = 64;
  int payload_length = -1; ///< -1 = the right one
};

/// `next` is the protocol or the first extension header, with which `content` then begins.
inline bytes ipv6(uint8_t next, const bytes& content, const ipv6_fields& fields = {}) {
  bytes out{0x60, 0, 0, 0};
  put16(out, fields.payload_length < 0 ? static_cast<uint32_t>(content.size())
                                       : static_cast<uint32_t>(fields.payload_length));
  out.push_back(next);
  out.push_back(fields.hop_limit);
  for (const uint8_t last : {fields.source, fields.destination})
    out.insert(out.end(), {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last});
  return join(out, content);
}

/// An extension header of eight bytes (hop-by-hop, routing, destination options, mobility).
inline bytes extension(uint8_t next, const bytes& content) {
  return join({next, 0, 1, 4, 0, 0, 0, 0}, content);
}

/// An IPv6 fragment header. `offset` in units of 8 bytes.
inline bytes fragment6(uint8_t next, uint16_t offset, bool more, uint32_t identification,
                       const bytes& content) {
  bytes out{next, 0};
  put16(out, static_cast<uint32_t>(offset << 3) | (more ? 1u : 0u));
  put32(out, identification);
  return join(out, content);
}

struct tcp_fields {
  uint32_t sequence = 1000;
  uint32_t acknowledgement = 2000;
  uint16_t window = 8192;
  bytes options = {}; ///< a multiple of 4 bytes
};

inline bytes tcp(uint16_t source, uint16_t destination, uint8_t flags, const bytes& payload = {},
                 const tcp_fields& fields = {}) {
  bytes out;
  put16(out, source);
  put16(out, destination);
  put32(out, fields.sequence);
  put32(out, fields.acknowledgement);
  out.push_back(static_cast<uint8_t>((20 + fields.options.size()) / 4 << 4));
  out.push_back(flags);
  put16(out, fields.window);
  put32(out, 0);
  return join(join(out, fields.options), payload);
}

inline bytes udp(uint16_t source, uint16_t destination, const bytes& payload = {}) {
  bytes out;
  put16(out, source);
  put16(out, destination);
  put16(out, static_cast<uint32_t>(8 + payload.size()));
  put16(out, 0);
  return join(out, payload);
}

/// What ARP puts behind an Ethernet header.
inline bytes arp() {
  bytes out{0, 1, 8, 0, 6, 4, 0, 1};
  out.resize(28);
  return out;
}

/// A frame over bytes that the caller keeps.
inline frame over(const bytes& data, link_type link = link_type::ethernet,
                  int64_t time_ns = 1'000'000'000) {
  const auto size = static_cast<uint32_t>(data.size());
  return {data.data(), size, size, time_ns, link};
}

} // namespace flowactors::frames
