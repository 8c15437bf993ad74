#pragma once

#include "capture/packet.hpp"

#include <cstdint>
#include <utility>

namespace flowactors::test {

/// 10.HIGH.HIGH.LOW as the decoder writes it.
inline address host(uint32_t number) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, static_cast<uint8_t>(number >> 16), static_cast<uint8_t>(number >> 8),
          static_cast<uint8_t>(number)};
}

/// A decoded packet without bytes, for what looks at its fields alone.
inline packet packet_of(uint32_t source, uint16_t source_port, uint32_t destination, uint16_t destination_port, uint8_t protocol = 6) {
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

} // namespace flowactors::test
