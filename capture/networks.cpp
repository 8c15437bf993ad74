#include "capture/networks.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace flowactors {

namespace {

uint64_t word(const uint8_t* bytes) noexcept {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

error bad_network(const std::string& cidr) {
  return {
    ec::bad_setting,
    "'" + cidr
      + "' is no network; expected an address and a prefix length, such as 10.0.0.0/8 or fd00::/8"};
}

} // namespace

result<networks> networks::make(const std::vector<std::string>& cidrs) {
  networks made;
  for (const auto& cidr : cidrs) {
    const size_t slash = cidr.find('/');
    const std::string host = cidr.substr(0, slash);
    uint8_t bytes[16]{};
    int bits = 128;
    if (inet_pton(AF_INET, host.c_str(), bytes + 12) == 1) {
      bytes[10] = bytes[11] = 0xff;
      bits = 32;
    } else if (inet_pton(AF_INET6, host.c_str(), bytes) != 1) {
      return bad_network(cidr);
    }
    int prefix = bits;
    if (slash != std::string::npos) {
      const char* end = cidr.data() + cidr.size();
      const auto [stop, fault] = std::from_chars(cidr.data() + slash + 1, end, prefix);
      if (fault != std::errc{} || stop != end || prefix < 0 || prefix > bits)
        return bad_network(cidr);
    }
    prefix += 128 - bits;
    uint8_t mask[16]{};
    for (int i = 0; i < prefix; ++i)
      mask[i / 8] = static_cast<uint8_t>(mask[i / 8] | 0x80 >> i % 8);
    made.networks_.push_back({word(bytes) & word(mask), word(bytes + 8) & word(mask + 8),
                              word(mask), word(mask + 8), prefix});
  }
  return made;
}

int16_t networks::find(const uint8_t (&bytes)[16]) const noexcept {
  const uint64_t high = word(bytes);
  const uint64_t low = word(bytes + 8);
  int16_t found = -1;
  int longest = -1;
  for (size_t i = 0; i < networks_.size(); ++i) {
    const network& n = networks_[i];
    if ((high & n.high_mask) == n.high && (low & n.low_mask) == n.low && n.prefix > longest) {
      found = static_cast<int16_t>(i);
      longest = n.prefix;
    }
  }
  return found;
}

} // namespace flowactors
