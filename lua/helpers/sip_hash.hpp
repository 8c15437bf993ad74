#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace flowactors {

/// SipHash (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) of `size` bytes, with
/// `Compress` rounds a word and `Finish` rounds at the end. Who doesn't know the two words of the
/// key can't choose inputs that collide.
template <int Compress = 1, int Finish = 3>
class sip_hash {
public:
  static uint64_t of(const void* data, size_t size, uint64_t key0, uint64_t key1) noexcept {
    sip_hash state{key0, key1};
    const auto* bytes = static_cast<const unsigned char*>(data);
    const auto* const end = bytes + size / 8 * 8;
    for (; bytes != end; bytes += 8)
      state.take(word(bytes, 8));
    state.take(word(bytes, size % 8) | static_cast<uint64_t>(size) << 56);
    state.c_ ^= 0xff;
    for (int i = 0; i < Finish; ++i)
      state.round();
    return state.a_ ^ state.b_ ^ state.c_ ^ state.d_;
  }

private:
  sip_hash(uint64_t key0, uint64_t key1) noexcept
    : a_(key0 ^ 0x736f6d6570736575),
      b_(key1 ^ 0x646f72616e646f6d),
      c_(key0 ^ 0x6c7967656e657261),
      d_(key1 ^ 0x7465646279746573) {}

  static uint64_t word(const unsigned char* bytes, size_t size) noexcept {
    if (size == 8) {
      uint64_t value;
      std::memcpy(&value, bytes, 8); // little endian, as the paper has it
      if constexpr (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        value = __builtin_bswap64(value);
      return value;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i)
      value |= static_cast<uint64_t>(bytes[i]) << 8 * i;
    return value;
  }

  static uint64_t turn(uint64_t x, int by) noexcept { return x << by | x >> (64 - by); }

  void round() noexcept {
    a_ += b_;
    b_ = turn(b_, 13) ^ a_;
    a_ = turn(a_, 32);
    c_ += d_;
    d_ = turn(d_, 16) ^ c_;
    a_ += d_;
    d_ = turn(d_, 21) ^ a_;
    c_ += b_;
    b_ = turn(b_, 17) ^ c_;
    c_ = turn(c_, 32);
  }

  void take(uint64_t word) noexcept {
    d_ ^= word;
    for (int i = 0; i < Compress; ++i)
      round();
    a_ ^= word;
  }

  uint64_t a_, b_, c_, d_;
};

} // namespace flowactors
