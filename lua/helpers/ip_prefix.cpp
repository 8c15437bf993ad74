#include "lua/helpers/ip_prefix.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace flowactors {

namespace {

uint64_t big_endian(const uint8_t* bytes) noexcept {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i)
    value = value << 8 | bytes[i];
  return value;
}

void big_endian(uint64_t value, uint8_t* bytes) noexcept {
  for (int i = 7; i >= 0; --i, value >>= 8)
    bytes[i] = static_cast<uint8_t>(value);
}

// Four numbers of one to three digits, without leading zeros, as inet_pton takes them.
bool read_ipv4(std::string_view text, uint32_t& out) noexcept {
  uint32_t address = 0;
  size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part != 0 && (at >= text.size() || text[at++] != '.'))
      return false;
    const size_t begin = at;
    uint32_t number = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && at - begin < 3; ++at)
      number = number * 10 + static_cast<uint32_t>(text[at] - '0');
    const size_t digits = at - begin;
    if (digits == 0 || number > 255 || (digits > 1 && text[begin] == '0'))
      return false;
    address = address << 8 | number;
  }
  out = address;
  return at == text.size();
}

} // namespace

ip_prefix ip_prefix::cut(unsigned bits) const noexcept {
  ip_prefix out = *this;
  out.length = static_cast<uint8_t>(bits);
  if (bits < 64)
    out.high &= bits == 0 ? 0 : ~uint64_t{0} << (64 - bits);
  if (bits < 128)
    out.low &= bits <= 64 ? 0 : ~uint64_t{0} << (128 - bits);
  return out;
}

bool read_address(std::string_view text, ip_prefix& out) noexcept {
  uint32_t address = 0;
  if (read_ipv4(text, address)) {
    out = {static_cast<uint64_t>(address) << 32, 0, 32, false};
    return true;
  }
  char copy[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof(copy) || text.find(':') == text.npos)
    return false;
  copy[text.copy(copy, sizeof(copy) - 1)] = '\0';
  uint8_t bytes[16];
  if (std::strlen(copy) != text.size() || inet_pton(AF_INET6, copy, bytes) != 1)
    return false;
  out = {big_endian(bytes), big_endian(bytes + 8), 128, true};
  if (out.high == 0 && out.low >> 32 == 0xffff)
    out = {out.low << 32, 0, 32, false};
  return true;
}

bool read_prefix(std::string_view text, ip_prefix& out) noexcept {
  const size_t slash = text.find('/');
  if (!read_address(text.substr(0, slash), out))
    return false;
  if (slash == text.npos)
    return true;
  unsigned length = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data() + slash + 1, end, length);
  const bool mapped = !out.is_ipv6 && text.substr(0, slash).find(':') != text.npos;
  if (fault != std::errc{} || stop != end || (mapped && (length < 96 || length > 128)))
    return false;
  if (mapped)
    length -= 96;
  if (length > out.longest())
    return false;
  out = out.cut(length);
  return true;
}

size_t write_prefix(const ip_prefix& from, char (&out)[prefix_text_size]) noexcept {
  size_t size = 0;
  if (from.is_ipv6) {
    uint8_t bytes[16];
    big_endian(from.high, bytes);
    big_endian(from.low, bytes + 8);
    inet_ntop(AF_INET6, bytes, out, sizeof(out));
    size = std::strlen(out);
  } else { // many times faster than inet_ntop
    for (int shift = 56; shift >= 32; shift -= 8) {
      size = static_cast<size_t>(
        std::to_chars(out + size, out + sizeof(out), from.high >> shift & 255).ptr - out);
      if (shift != 32)
        out[size++] = '.';
    }
  }
  out[size++] = '/';
  return static_cast<size_t>(
    std::to_chars(out + size, out + sizeof(out), static_cast<unsigned>(from.length)).ptr - out);
}

} // namespace flowactors
