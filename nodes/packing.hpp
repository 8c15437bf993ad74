#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace flowactors {

/// What is packed comes in units of so many bytes, each eight numbers of 16 bits.
inline constexpr size_t packing_unit = 16;

/// This processor orders the bytes of a unit by a table, which is three times as fast.
extern const bool shuffles_bytes;

/// Appends the bytes of the numbers that are not 0, and writes for each unit a byte to `out`, from
/// `masks_at` on, whose bits say which these are. `from`: whole units.
void pack(std::span<const char> from, std::vector<char>& out, size_t masks_at,
          bool shuffling = shuffles_bytes);

/// The other way: fills `to` (whole units, as many as there are masks) from the beginning of
/// `packed`, and returns how many bytes of it that took; more than there are if it is too short.
size_t unpack(std::span<const char> masks, std::span<const char> packed, char* to,
              bool shuffling = shuffles_bytes) noexcept;

} // namespace flowactors
