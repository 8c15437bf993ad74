#pragma once

#include "capture/result.hpp"

#include <cstdint>
#include <string>

namespace flowactors {

/// Where a node listens: "host:port", "1.2.3.4:port" or "[::1]:port".
struct endpoint {
  std::string host;
  uint16_t port = 0;
  bool operator==(const endpoint&) const = default;
};

/// Reads it; ec::bad_setting says what was expected. A port is 1 to 65535.
result<endpoint> parse_endpoint(const std::string& text);

/// As it is written.
std::string to_string(const endpoint& at);

/// True if all addresses of the host belong to this machine's loopback. ec::not_found: no such
/// name. Asks the resolver unless it is an address.
result<bool> is_loopback(const endpoint& at);

} // namespace flowactors
