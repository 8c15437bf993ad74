#include "nodes/packing.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace flowactors {

namespace {

constexpr size_t numbers = packing_unit / sizeof(uint16_t);
using unit = std::array<uint16_t, numbers>;

unit unit_at(const char* at) noexcept {
  unit out;
  std::memcpy(&out, at, sizeof(out));
  return out;
}

/// Packs whole units, and writes up to a unit more than what it returns.
size_t pack_plain(const char* from, size_t units, char* masks, char* to) noexcept {
  char* at = to;
  for (size_t i = 0; i < units; ++i) {
    unsigned mask = 0;
    unsigned bit = 1;
    for (const uint16_t each : unit_at(from + i * packing_unit)) {
      std::memcpy(at, &each, sizeof(each)); // and over it again if it is 0
      at += each != 0 ? sizeof(each) : 0;
      mask |= each != 0 ? bit : 0;
      bit <<= 1;
    }
    masks[i] = static_cast<char>(mask);
  }
  return static_cast<size_t>(at - to);
}

/// Unpacks units as long as all of their numbers are there, and returns the bytes that these took.
size_t unpack_plain(std::span<const char> masks, std::span<const char> packed, char* to) noexcept {
  size_t used = 0;
  for (size_t i = 0; i < masks.size(); ++i) {
    const auto mask = static_cast<unsigned char>(masks[i]);
    const size_t wanted = static_cast<size_t>(std::popcount(mask)) * sizeof(uint16_t);
    if (packed.size() - used < wanted)
      return packed.size() + 1;
    unit out{};
    for (size_t bit = 0; bit < numbers; ++bit)
      if ((mask >> bit & 1) != 0) {
        std::memcpy(&out[bit], packed.data() + used, sizeof(uint16_t));
        used += sizeof(uint16_t);
      }
    std::memcpy(to + i * packing_unit, &out, sizeof(out));
  }
  return used;
}

#if defined(__x86_64__)

/// For each mask which byte of the unit stands where: in what is packed, and back. 0x80 makes a 0.
struct shuffles {
  constexpr shuffles() {
    for (size_t mask = 0; mask < 256; ++mask) {
      uint8_t taken = 0;
      for (uint8_t i = 0; i < packing_unit; ++i) {
        const bool is_there = (mask >> (i / 2) & 1) != 0;
        to_units[mask][i] = is_there ? taken : 0x80;
        if (is_there)
          to_packed[mask][taken++] = i;
      }
      for (; taken < packing_unit; ++taken)
        to_packed[mask][taken] = 0x80;
    }
  }

  alignas(64) uint8_t to_packed[256][packing_unit]{};
  uint8_t to_units[256][packing_unit]{};
};
constexpr shuffles tables;

// NOLINTBEGIN: the casts are what these instructions are made for.
[[gnu::target("ssse3,popcnt")]] size_t pack_fast(const char* from, size_t units, char* masks,
                                                 char* to) noexcept {
  const __m128i zero = _mm_setzero_si128();
  char* at = to;
  for (size_t i = 0; i < units; ++i) {
    const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i * packing_unit));
    const __m128i empty = _mm_packs_epi16(_mm_cmpeq_epi16(all, zero), zero);
    const unsigned mask = ~static_cast<unsigned>(_mm_movemask_epi8(empty)) & 0xff;
    masks[i] = static_cast<char>(mask);
    const __m128i order = _mm_load_si128(reinterpret_cast<const __m128i*>(tables.to_packed[mask]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), _mm_shuffle_epi8(all, order));
    at += 2 * __builtin_popcount(mask);
  }
  return static_cast<size_t>(at - to);
}

[[gnu::target("ssse3,popcnt")]] size_t unpack_fast(std::span<const char> masks,
                                                   std::span<const char> packed,
                                                   char* to) noexcept {
  size_t used = 0;
  size_t i = 0;
  for (; i < masks.size() && packed.size() - used >= packing_unit; ++i) {
    const auto mask = static_cast<unsigned char>(masks[i]);
    const __m128i some = _mm_loadu_si128(reinterpret_cast<const __m128i*>(packed.data() + used));
    const __m128i order = _mm_load_si128(reinterpret_cast<const __m128i*>(tables.to_units[mask]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i * packing_unit),
                     _mm_shuffle_epi8(some, order));
    used += 2 * static_cast<size_t>(__builtin_popcount(mask));
  }
  return used + unpack_plain(masks.subspan(i), packed.subspan(used), to + i * packing_unit);
}
// NOLINTEND

#else

constexpr auto pack_fast = pack_plain;
constexpr auto unpack_fast = unpack_plain;

#endif

} // namespace

#if defined(__x86_64__)
const bool shuffles_bytes = __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("popcnt");
#else
const bool shuffles_bytes = false;
#endif

void pack(std::span<const char> from, std::vector<char>& out, size_t masks_at, bool shuffling) {
  constexpr size_t most = 64; // units at a time, so that they are in the nearest cache
  char part[(most + 1) * packing_unit];
  for (size_t done = 0; done < from.size(); masks_at += most) {
    const size_t units = std::min(most, (from.size() - done) / packing_unit);
    const size_t size =
      (shuffling ? pack_fast : pack_plain)(from.data() + done, units, out.data() + masks_at, part);
    out.insert(out.end(), part, part + size);
    done += units * packing_unit;
  }
}

size_t unpack(std::span<const char> masks, std::span<const char> packed, char* to,
              bool shuffling) noexcept {
  return (shuffling ? unpack_fast : unpack_plain)(masks, packed, to);
}

} // namespace flowactors
