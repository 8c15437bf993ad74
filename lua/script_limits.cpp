#include "lua/script_limits.hpp"

namespace flowactors {

namespace {

constexpr std::array<const char*, limit_kind_count> names{
  "deadline", "memory", "pattern", "string", "sort", "recursion", "output", "other"};

} // namespace

const char* to_string(limit_kind kind) noexcept {
  return names[static_cast<size_t>(kind)];
}

limit_kind limit_kind_of(std::string_view name) noexcept {
  for (size_t i = 0; i < names.size(); ++i)
    if (name == names[i])
      return static_cast<limit_kind>(i);
  return limit_kind::other;
}

} // namespace flowactors
