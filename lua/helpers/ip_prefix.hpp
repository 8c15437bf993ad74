#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flowactors {

/// An address, or a network of them: the first `length` bits, the rest is 0. An IPv4 address fills
/// the upper half of `high`; an IPv6 address that stands for one (::ffff:a.b.c.d) is read as IPv4.
struct ip_prefix {
  uint64_t high = 0;
  uint64_t low = 0;
  uint8_t length = 0;
  bool is_ipv6 = false;

  bool operator==(const ip_prefix&) const = default;

  uint8_t longest() const noexcept { return is_ipv6 ? 128 : 32; }

  bool bit(unsigned i) const noexcept {
    return ((i < 64 ? high >> (63 - i) : low >> (127 - i)) & 1) != 0;
  }

  /// How many first bits are equal, at most 128.
  unsigned common(const ip_prefix& other) const noexcept {
    if (high != other.high)
      return static_cast<unsigned>(__builtin_clzll(high ^ other.high));
    return low != other.low ? 64 + static_cast<unsigned>(__builtin_clzll(low ^ other.low)) : 128;
  }

  /// Whether the network has the other's addresses; both of one family.
  bool covers(const ip_prefix& other) const noexcept {
    return length <= other.length && common(other) >= length;
  }

  /// The first `bits` bits.
  ip_prefix cut(unsigned bits) const noexcept;
};

/// Reads "10.1.2.3" or "2001:db8::1"; false if it is no address.
bool read_address(std::string_view text, ip_prefix& out) noexcept;

/// Reads "10.0.0.0/8", "2001:db8::/32" or an address; bits beyond the length become 0.
bool read_prefix(std::string_view text, ip_prefix& out) noexcept;

constexpr size_t prefix_text_size = 64;

/// Writes "10.0.0.0/8"; gives its size.
size_t write_prefix(const ip_prefix& from, char (&out)[prefix_text_size]) noexcept;

} // namespace flowactors
