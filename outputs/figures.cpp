#include "outputs/figures.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace flowactors {

namespace {

/// Three digits at least, one after the point below ten.
std::string figure(double value, const char* unit) {
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), value < 9.95 ? "%.1f %s" : "%.0f %s", value, unit);
  return out.data();
}

std::string pair(long more, const char* big, long rest, const char* small) {
  return std::to_string(more) + " " + big + " " + std::to_string(rest) + " " + small;
}

} // namespace

std::string grouped(uint64_t count) {
  std::string out = std::to_string(count);
  for (size_t at = out.size(); at > 3; at -= 3)
    out.insert(at - 3, ",");
  return out;
}

std::string bytes(uint64_t count) {
  if (count < 1000)
    return std::to_string(count) + " B";
  constexpr std::array units{"kB", "MB", "GB", "TB", "PB", "EB"};
  auto value = static_cast<double>(count) / 1000;
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  return figure(value, units[unit]);
}

std::string percent(uint64_t part, uint64_t whole) {
  if (whole == 0)
    return "0 %";
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%.1f %%",
                100 * static_cast<double>(part) / static_cast<double>(whole));
  return out.data();
}

std::string seconds(double value) {
  if (value < 0.9995)
    return std::to_string(std::lround(value * 1000)) + " ms";
  if (value < 59.5)
    return figure(value, "s");
  const long whole = std::lround(value);
  return whole < 3600 ? pair(whole / 60, "min", whole % 60, "s")
                      : pair(whole / 3600, "h", whole % 3600 / 60, "min");
}

std::string nanoseconds(double value) {
  if (value < 999.5)
    return figure(value, "ns");
  if (value < 999.5e3)
    return figure(value / 1e3, "us");
  return value < 999.5e6 ? figure(value / 1e6, "ms") : figure(value / 1e9, "s");
}

} // namespace flowactors
