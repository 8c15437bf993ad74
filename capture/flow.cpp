#include "capture/flow.hpp"

#include <arpa/inet.h>
#include <gcrypt.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace flowactors {

namespace {

// A pair of ICMP types that belong together (echo request and reply, say); the second becomes the
// "server port".
struct icmp_pair {
  uint8_t type;
  uint8_t counterpart;
};

constexpr icmp_pair icmp_pairs[] = {{8, 0},   {0, 8},   {10, 9},  {9, 10},  {13, 14},
                                    {14, 13}, {15, 16}, {16, 15}, {17, 18}, {18, 17}};
constexpr icmp_pair icmp6_pairs[] = {{128, 129}, {129, 128}, {133, 134}, {134, 133},
                                     {135, 136}, {136, 135}, {130, 131}, {131, 130},
                                     {144, 145}, {145, 144}, {139, 140}, {140, 139}};

template <size_t N>
bool find_counterpart(const icmp_pair (&pairs)[N], uint8_t type, uint16_t& counterpart) {
  const auto* found = std::find_if(std::begin(pairs), std::end(pairs),
                                   [type](icmp_pair pair) { return pair.type == type; });
  if (found == std::end(pairs))
    return false;
  counterpart = found->counterpart;
  return true;
}

std::string base64(const uint8_t* bytes, size_t count) {
  static constexpr char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < count; i += 3) {
    const size_t left = count - i;
    const uint32_t word = (uint32_t{bytes[i]} << 16) | (left > 1 ? uint32_t{bytes[i + 1]} << 8 : 0u)
                          | (left > 2 ? bytes[i + 2] : 0u);
    out += digits[word >> 18];
    out += digits[word >> 12 & 63];
    out += left > 1 ? digits[word >> 6 & 63] : '=';
    out += left > 2 ? digits[word & 63] : '=';
  }
  return out;
}

size_t write_decimal(uint8_t value, char* out) noexcept {
  size_t n = 0;
  if (value >= 100)
    out[n++] = static_cast<char>('0' + value / 100);
  if (value >= 10)
    out[n++] = static_cast<char>('0' + value / 10 % 10);
  out[n++] = static_cast<char>('0' + value % 10);
  return n;
}

} // namespace

const char* to_string(end_reason reason) noexcept {
  switch (reason) {
    case end_reason::none:
      return "none";
#define X(name, text)    \
  case end_reason::name: \
    return #name;
      FLOWACTORS_END_REASONS(X)
#undef X
  }
  return "?";
}

size_t format_address(const uint8_t (&bytes)[16], uint8_t ip_version, char* out) noexcept {
  if (ip_version == 4) {
    size_t n = 0;
    for (size_t i = 12; i < 16; ++i) {
      n += write_decimal(bytes[i], out + n);
      if (i < 15)
        out[n++] = '.';
    }
    return n;
  }
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(AF_INET6, bytes, text, sizeof(text)) == nullptr)
    return 0;
  const size_t n = std::strlen(text);
  std::memcpy(out, text, n);
  return n;
}

void format_addresses(flow_record& flow) noexcept {
  if (flow.client_text_length != 0)
    return;
  flow.client_text_length =
    static_cast<uint8_t>(format_address(flow.client_address, flow.ip_version, flow.client_text));
  flow.server_text_length =
    static_cast<uint8_t>(format_address(flow.server_address, flow.ip_version, flow.server_text));
}

std::string community_id(const flow_record& flow, uint16_t seed) {
  uint16_t client_port = flow.client_port;
  uint16_t server_port = flow.server_port;
  bool one_way = false;
  if (flow.protocol == IPPROTO_ICMP || flow.protocol == IPPROTO_ICMPV6) {
    client_port = flow.icmp_type;
    server_port = flow.icmp_code;
    one_way =
      !(flow.protocol == IPPROTO_ICMP ? find_counterpart(icmp_pairs, flow.icmp_type, server_port)
                                      : find_counterpart(icmp6_pairs, flow.icmp_type, server_port));
  }
  const size_t skip = flow.ip_version == 4 ? 12 : 0;
  const size_t width = 16 - skip;
  const int order = std::memcmp(flow.client_address + skip, flow.server_address + skip, width);
  const bool client_first = one_way || order < 0 || (order == 0 && client_port < server_port);
  const auto* low = client_first ? flow.client_address : flow.server_address;
  const auto* high = client_first ? flow.server_address : flow.client_address;
  const uint16_t low_port = client_first ? client_port : server_port;
  const uint16_t high_port = client_first ? server_port : client_port;
  const bool ports = flow.protocol == IPPROTO_TCP || flow.protocol == IPPROTO_UDP
                     || flow.protocol == IPPROTO_SCTP || flow.protocol == IPPROTO_ICMP
                     || flow.protocol == IPPROTO_ICMPV6;
  uint8_t input[2 + 16 + 16 + 2 + 4];
  size_t n = 0;
  const auto put16 = [&](uint16_t value) {
    input[n++] = static_cast<uint8_t>(value >> 8);
    input[n++] = static_cast<uint8_t>(value & 255);
  };
  const auto put_address = [&](const uint8_t* bytes) {
    std::memcpy(input + n, bytes + skip, width);
    n += width;
  };
  put16(seed);
  put_address(low);
  put_address(high);
  input[n++] = flow.protocol;
  input[n++] = 0;
  if (ports) {
    put16(low_port);
    put16(high_port);
  }
  uint8_t digest[20];
  gcry_md_hash_buffer(GCRY_MD_SHA1, digest, input, n);
  return "1:" + base64(digest, sizeof(digest));
}

} // namespace flowactors
