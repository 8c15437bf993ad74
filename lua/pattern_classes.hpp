#pragma once

#include <array>
#include <cstdint>

/// The classes of bytes in Lua patterns ("%a", "%d"), of ASCII alone whatever the locale, as in
/// LuaJIT.
namespace flowactors::pattern {

inline constexpr char escape = '%';

/// A bit for each class.
enum : uint16_t {
  alpha = 1,
  control = 2,
  digit = 4,
  lower = 8,
  punctuation = 16,
  space = 32,
  upper = 64,
  hexadecimal = 128,
  graphic = 256,
};

constexpr std::array<uint16_t, 256> make_classes() {
  std::array<uint16_t, 256> made{};
  for (unsigned c = 0; c < 128; ++c) {
    uint16_t bits = 0;
    if (c >= 'a' && c <= 'z')
      bits |= alpha | lower;
    if (c >= 'A' && c <= 'Z')
      bits |= alpha | upper;
    if (c >= '0' && c <= '9')
      bits |= digit | hexadecimal;
    if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
      bits |= hexadecimal;
    if (c == ' ' || (c >= 9 && c <= 13))
      bits |= space;
    if (c < 32 || c == 127)
      bits |= control;
    if (c > 32 && c < 127) {
      bits |= graphic;
      if ((bits & (alpha | digit)) == 0)
        bits |= punctuation;
    }
    made[c] = bits;
  }
  return made;
}

inline constexpr auto classes = make_classes();

/// The bits of the class letters, by the letter's low five bits; 0 = no class.
constexpr std::array<uint16_t, 32> make_letters() {
  std::array<uint16_t, 32> made{};
  made['a' & 31] = alpha;
  made['c' & 31] = control;
  made['d' & 31] = digit;
  made['g' & 31] = graphic;
  made['l' & 31] = lower;
  made['p' & 31] = punctuation;
  made['s' & 31] = space;
  made['u' & 31] = upper;
  made['w' & 31] = alpha | digit;
  made['x' & 31] = hexadecimal;
  return made;
}

inline constexpr auto letters = make_letters();

inline unsigned char byte(char c) noexcept {
  return static_cast<unsigned char>(c);
}

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// 0 if the letter names no class, or a class without bits.
inline uint16_t class_bits(unsigned char letter) {
  return (classes[letter] & alpha) != 0 ? letters[letter & 31] : uint16_t{0};
}

/// Does `c` belong to the class "%letter"? A letter that names no class stands for itself.
inline bool in_class(unsigned char c, unsigned char letter) {
  if ((classes[letter] & alpha) == 0)
    return letter == c;
  const bool negated = (classes[letter] & upper) != 0;
  if (const uint16_t bits = class_bits(letter); bits != 0)
    return ((classes[c] & bits) != 0) != negated;
  if ((letter | 32) == 'z')
    return (c == 0) != negated;
  return letter == c;
}

} // namespace flowactors::pattern
