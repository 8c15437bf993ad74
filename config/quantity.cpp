#include "config/quantity.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace flowactors {

namespace {

constexpr std::array durations{
  quantity_unit{"h", 3600'000'000'000},
  quantity_unit{"min", 60'000'000'000},
  quantity_unit{"s", 1'000'000'000},
  quantity_unit{"ms", 1'000'000},
  quantity_unit{"us", 1000},
  quantity_unit{"ns", 1},
};

// The first unit that fits is the one to print: powers of 1024 stand before those of 1000.
constexpr std::array sizes{
  quantity_unit{"GiB", 1u << 30}, quantity_unit{"MiB", 1u << 20},
  quantity_unit{"KiB", 1u << 10}, quantity_unit{"GB", 1'000'000'000},
  quantity_unit{"MB", 1'000'000}, quantity_unit{"kB", 1000},
  quantity_unit{"B", 1},
};

constexpr uint64_t most = INT64_MAX;

bool digit(char c) {
  return c >= '0' && c <= '9';
}

size_t digits_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && digit(text[end]))
    ++end;
  return end - at;
}

/// `digits` / 10^n of `factor`, if that is whole.
std::optional<uint64_t> fraction_of(std::string_view digits, uint64_t factor) {
  uint64_t scale = 1;
  for (size_t i = 0; i < digits.size(); ++i)
    if (__builtin_mul_overflow(scale, uint64_t{10}, &scale))
      return std::nullopt;
  uint64_t product = 0;
  if (__builtin_mul_overflow(parse_integer(digits).value_or(0), factor, &product)
      || product % scale != 0)
    return std::nullopt;
  return product / scale;
}

} // namespace

std::span<const quantity_unit> duration_units() {
  return durations;
}

std::span<const quantity_unit> size_units() {
  return sizes;
}

std::optional<uint64_t> parse_integer(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc() || stop != end || text.empty() || !digit(text.front()))
    return std::nullopt;
  return value;
}

std::optional<uint64_t> parse_quantity(std::string_view text,
                                       std::span<const quantity_unit> units) {
  const size_t whole_digits = digits_at(text, 0);
  const auto whole = parse_integer(text.substr(0, whole_digits));
  if (!whole)
    return std::nullopt;
  size_t at = whole_digits;
  std::string_view fraction;
  if (at < text.size() && text[at] == '.') {
    fraction = text.substr(at + 1, digits_at(text, at + 1));
    at += 1 + fraction.size();
    if (fraction.empty())
      return std::nullopt;
  }
  const size_t word = text.find_first_not_of(" \t", at);
  if (word == text.npos)
    return std::nullopt;
  for (const auto& unit : units) {
    if (text.substr(word) != unit.name)
      continue;
    uint64_t value = 0;
    const auto part = fraction_of(fraction, unit.factor);
    if (!part || __builtin_mul_overflow(*whole, unit.factor, &value)
        || __builtin_add_overflow(value, *part, &value) || value > most)
      return std::nullopt;
    return value;
  }
  return std::nullopt;
}

std::string format_quantity(uint64_t value, std::span<const quantity_unit> units) {
  if (value == 0)
    return units.data() == durations.data() ? "0s" : "0B";
  for (const auto& unit : units)
    if (value % unit.factor == 0)
      return std::to_string(value / unit.factor) + unit.name;
  return {};
}

std::optional<std::string> normal_network(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == text.npos)
    return std::nullopt;
  const std::string address(text.substr(0, slash));
  const int family = address.find(':') == address.npos ? AF_INET : AF_INET6;
  std::array<uint8_t, 16> bytes{};
  const auto length = parse_integer(text.substr(slash + 1));
  if (!length || *length > (family == AF_INET ? 32u : 128u)
      || inet_pton(family, address.c_str(), bytes.data()) != 1)
    return std::nullopt;
  for (size_t bit = *length; bit < 128; ++bit)
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] & ~(0x80u >> (bit % 8)));
  char out[INET6_ADDRSTRLEN];
  if (inet_ntop(family, bytes.data(), out, sizeof out) == nullptr)
    return std::nullopt;
  return std::string(out) + "/" + std::to_string(*length);
}

} // namespace flowactors
