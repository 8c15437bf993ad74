#include "config/endpoint.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

namespace flowactors {

namespace {

constexpr const char* expected =
  "host:port, with a port from 1 to 65535 and an IPv6 "
  "address in brackets ([::1]:4711)";

bool is_loopback(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
  }
  if (address.sa_family != AF_INET6)
    return false;
  const auto& in = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&in) || (IN6_IS_ADDR_V4MAPPED(&in) && in.s6_addr[12] == 127);
}

} // namespace

result<endpoint> parse_endpoint(const std::string& text) {
  const error wrong{ec::bad_setting, expected};
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0)
    return wrong;
  endpoint out{text.substr(0, colon), 0};
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data() + colon + 1, end, out.port);
  if (failure != std::errc() || stop != end || out.port == 0)
    return wrong;
  if (out.host.front() == '[') {
    if (out.host.size() < 3 || out.host.back() != ']')
      return wrong;
    out.host = out.host.substr(1, out.host.size() - 2);
  } else if (out.host.find(':') != std::string::npos) {
    return wrong;
  }
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.'
           || c == '-' || c == '_' || c == ':' || c == '%';
  };
  if (out.host.size() > 253 || !std::ranges::all_of(out.host, allowed))
    return wrong;
  return out;
}

std::string to_string(const endpoint& at) {
  const auto port = ":" + std::to_string(at.port);
  return at.host.find(':') == std::string::npos ? at.host + port : "[" + at.host + "]" + port;
}

result<bool> is_loopback(const endpoint& at) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failure = getaddrinfo(at.host.c_str(), nullptr, &hints, &found); failure != 0)
    return error{ec::not_found, gai_strerror(failure)};
  bool out = found != nullptr;
  for (const auto* each = found; each != nullptr; each = each->ai_next)
    out = out && is_loopback(*each->ai_addr);
  freeaddrinfo(found);
  return out;
}

} // namespace flowactors
