#pragma once

#include "capture/packet.hpp"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace flowactors::test {

/// 10.HIGH.HIGH.LOW as the decoder writes it.
inline address host(uint32_t number) {
  return {0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0xff,
          0xff,
          10,
          static_cast<uint8_t>(number >> 16),
          static_cast<uint8_t>(number >> 8),
          static_cast<uint8_t>(number)};
}

/// A decoded packet without bytes, for what looks at its fields alone.
inline packet packet_of(uint32_t source, uint16_t source_port, uint32_t destination,
                        uint16_t destination_port, uint8_t protocol = 6) {
  packet p{};
  p.source = host(source);
  p.destination = host(destination);
  p.source_port = source_port;
  p.destination_port = destination_port;
  p.protocol = protocol;
  p.ip_version = 4;
  p.wire_length = 60;
  return p;
}

/// The same packet on its way back.
inline packet reply_to(packet p) {
  std::swap(p.source, p.destination);
  std::swap(p.source_port, p.destination_port);
  return p;
}

/// The packet as bytes of an Ethernet frame with IPv4 and TCP (protocol 6) or UDP, with that
/// payload.
inline std::vector<uint8_t> bytes_of(const packet& p, std::string_view payload = {}) {
  std::vector<uint8_t> out{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
  const auto put = [&](uint32_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i)
      out.push_back(static_cast<uint8_t>(value >> 8 * i));
  };
  const bool tcp = p.protocol == 6;
  const auto transport = static_cast<uint32_t>(tcp ? 20 : 8);
  put(0x4500, 2);
  put(20 + transport + static_cast<uint32_t>(payload.size()), 2);
  put(0, 4);
  put(64, 1);
  put(p.protocol, 1);
  put(0, 2);
  out.insert(out.end(), p.source.begin() + 12, p.source.end());
  out.insert(out.end(), p.destination.begin() + 12, p.destination.end());
  put(p.source_port, 2);
  put(p.destination_port, 2);
  if (tcp) {
    put(p.sequence, 4);
    put(p.acknowledgement, 4);
    put(0x50, 1);
    put(p.tcp_flags, 1);
    put(1000, 2);
    put(0, 4);
  } else {
    put(8 + static_cast<uint32_t>(payload.size()), 2);
    put(0, 2);
  }
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

} // namespace flowactors::test
