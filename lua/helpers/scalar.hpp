#pragma once

#include "lua/helpers/helper_memory.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace flowactors {

enum class scalar_kind : uint8_t { none, text, number, boolean };

/// A key or a value of a script, by reference. A number's bytes are its double, a boolean's one
/// byte.
struct scalar {
  scalar_kind kind = scalar_kind::none;
  std::string_view bytes;

  bool operator==(const scalar&) const = default;
};

inline scalar text_scalar(std::string_view text) noexcept {
  return {scalar_kind::text, text};
}

/// A number that stands where the scalar can point at it. -0 becomes 0, so that equal numbers have
/// equal bytes.
class number_scalar {
public:
  explicit number_scalar(double value) noexcept : value_(value == 0 ? 0 : value) {}
  operator scalar() const noexcept {
    return {scalar_kind::number, {reinterpret_cast<const char*>(&value_), sizeof(value_)}};
  }

private:
  double value_;
};

inline double number_of(scalar from) noexcept {
  double value = 0;
  std::memcpy(&value, from.bytes.data(), sizeof(value));
  return value;
}

/// A scalar that is kept: short ones in place, longer ones in a piece of memory of their own. Plain
/// bytes, so that tables of it can be moved; whoever keeps it calls `drop`.
class kept_scalar {
public:
  static constexpr size_t longest = 65535; ///< bytes

  /// Takes over what `from` says, at most `longest` bytes of it; false = no memory, and this is
  /// none.
  bool keep(scalar from, helper_memory& memory) noexcept {
    const size_t size = from.bytes.size() < longest ? from.bytes.size() : longest;
    char* place = inside_;
    if (size > sizeof(inside_)) {
      place = static_cast<char*>(memory.resize(nullptr, size));
      if (place == nullptr) {
        kind_ = scalar_kind::none;
        return false;
      }
      outside_ = place;
    }
    if (size != 0)
      std::memcpy(place, from.bytes.data(), size);
    kind_ = from.kind;
    size_ = static_cast<uint16_t>(size);
    return true;
  }

  void drop(helper_memory& memory) noexcept {
    if (kind_ != scalar_kind::none && size_ > sizeof(inside_))
      memory.release(outside_);
    kind_ = scalar_kind::none;
    size_ = 0;
  }

  /// Valid until this is moved, kept anew or dropped.
  scalar get() const noexcept {
    return {kind_, {size_ > sizeof(inside_) ? outside_ : inside_, size_}};
  }

private:
  union {
    char inside_[32] = {};
    char* outside_;
  };
  uint16_t size_ = 0;
  scalar_kind kind_ = scalar_kind::none;
};

} // namespace flowactors
