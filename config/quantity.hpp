#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace flowactors {

/// A name that multiplies a number.
struct quantity_unit {
  const char* name;
  uint64_t factor;
};

/// h, min, s, ms, us, ns; in nanoseconds.
std::span<const quantity_unit> duration_units();

/// GiB, MiB, KiB (powers of 1024), GB, MB, kB (powers of 1000), B; in bytes.
std::span<const quantity_unit> size_units();

/// A decimal integer without sign.
std::optional<uint64_t> parse_integer(std::string_view text);

/// A number, with or without a fraction, and a unit ("1.5s", "64 MiB"). None if the unit is missing
/// or unknown, if the result is not whole in the smallest unit, or if it does not fit into 63 bits.
std::optional<uint64_t> parse_quantity(std::string_view text, std::span<const quantity_unit> units);

/// The value in the largest unit in which it is whole; 0 in seconds or bytes.
std::string format_quantity(uint64_t value, std::span<const quantity_unit> units);

/// The network in its usual form ("10.0.0.0/8"), or none if the text is not an address with a
/// prefix length. Bits behind the prefix come out as 0.
std::optional<std::string> normal_network(std::string_view text);

} // namespace flowactors
