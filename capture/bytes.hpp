#pragma once

#include <cstddef>
#include <cstdint>

namespace flowactors {

/// The two bytes at `at` as a big-endian number.
inline uint16_t load16(const uint8_t* at) noexcept {
  return static_cast<uint16_t>(at[0] << 8 | at[1]);
}

/// The four bytes at `at` as a big-endian number.
inline uint32_t load32(const uint8_t* at) noexcept {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | uint32_t{at[3]};
}

/// Captured bytes from where a decoder stands to the end of the frame. Look with `has` before each
/// read.
struct byte_range {
  const uint8_t* at;
  const uint8_t* end;

  size_t size() const noexcept { return static_cast<size_t>(end - at); }
  bool has(size_t count) const noexcept { return size() >= count; }
};

} // namespace flowactors
