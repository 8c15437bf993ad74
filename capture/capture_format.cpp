#include "capture/capture_format.hpp"

#include "capture/source.hpp"

#include <cstdio>
#include <cstring>

namespace flowactors {

namespace {

bool starts_with(std::span<const uint8_t> bytes, std::initializer_list<uint8_t> magic) noexcept {
  return bytes.size() >= magic.size()
         && std::memcmp(bytes.data(), magic.begin(), magic.size()) == 0;
}

// Either byte order.
bool is_number(std::span<const uint8_t> bytes, uint32_t magic) noexcept {
  if (bytes.size() < 4)
    return false;
  uint32_t value;
  std::memcpy(&value, bytes.data(), 4);
  return value == magic || value == __builtin_bswap32(magic);
}

std::string shown(std::span<const uint8_t> bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size() && i < 4; ++i) {
    char digits[4];
    std::snprintf(digits, sizeof(digits), "%s%02x", i == 0 ? "" : " ", bytes[i]);
    out += digits;
  }
  return out;
}

} // namespace

link_type link_of_file(uint32_t number) noexcept {
  constexpr uint32_t dlt_raw = 12, dlt_raw_openbsd = 14;
  if (number == dlt_raw || number == dlt_raw_openbsd)
    return link_type::raw;
  return static_cast<link_type>(number > UINT16_MAX ? UINT16_MAX : number);
}

bool supported(link_type link) noexcept {
  switch (link) {
    case link_type::null:
    case link_type::ethernet:
    case link_type::ppp:
    case link_type::ppp_hdlc:
    case link_type::raw:
    case link_type::cisco_hdlc:
    case link_type::loop:
    case link_type::linux_sll:
    case link_type::ipv4:
    case link_type::ipv6:
    case link_type::linux_sll2:
      return true;
  }
  return false;
}

error unsupported_link(link_type link) {
  return {ec::unsupported, "link type " + std::to_string(static_cast<unsigned>(link))
                             + " is not supported; supported are Ethernet (1), Linux cooked (113, 276), raw IP (101, 228, 229), "
                               "null and loop (0, 108), PPP (9, 50) and Cisco HDLC (104)"};
}

result<std::unique_ptr<capture_format>> capture_format::recognize(std::span<const uint8_t> first,
                                                                  const std::string& name) {
  constexpr uint32_t micro = 0xa1b2c3d4, nano = 0xa1b23c4d, modified = 0xa1b2cd34,
                     section = 0x0a0d0d0a;
  if (first.empty())
    return error{ec::truncated, name + " is empty; expected a capture (pcap or pcapng)"};
  if (first.size() < 4)
    return error{ec::truncated, name + " is only " + std::to_string(first.size())
                                  + " bytes long; expected a capture (pcap or pcapng)"};
  if (is_number(first, micro) || is_number(first, nano) || is_number(first, modified))
    return make_pcap_format();
  if (is_number(first, section))
    return make_pcapng_format();
  const char* unpack = nullptr;
  if (starts_with(first, {0x1f, 0x8b}))
    unpack = "zcat";
  else if (starts_with(first, {0x28, 0xb5, 0x2f, 0xfd}))
    unpack = "zstdcat";
  else if (starts_with(first, {0xfd, '7', 'z', 'X', 'Z'}))
    unpack = "xzcat";
  else if (starts_with(first, {'B', 'Z', 'h'}))
    unpack = "bzcat";
  if (unpack != nullptr)
    return error{ec::unsupported, name + " is compressed; unpack it on the way in: " + unpack
                                    + (name == "standard input" ? "" : " " + name)
                                    + " | flowactors -r -"};
  return error{ec::bad_format, name + " is no capture file: it begins with the bytes "
                                 + shown(first) + ", expected pcap or pcapng"};
}

} // namespace flowactors
