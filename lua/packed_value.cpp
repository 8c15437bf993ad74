#include "lua/packed_value.hpp"

#include <cstdint>
#include <cstring>
#include <optional>

namespace flowactors {

namespace {

constexpr int deepest = 100; // LuaJIT's own bound

// What stands before each value, by the description of string.buffer in LuaJIT's documentation.
enum tag : uint32_t {
  of_nil = 0,
  of_false = 1,
  of_true = 2,
  of_int = 6,
  of_num = 7,
  of_table = 8, // + 1: with keys, + 2 or + 4: with a list from 0 or from 1
  last_table = 13,
  of_text = 32 // + its length
};

class reader {
public:
  explicit reader(std::string_view from) noexcept : left_(from) {}

  bool at_end() const noexcept { return left_.empty(); }

  bool value(int depth, bool is_key = false) noexcept {
    const auto what = number();
    if (!what || depth > deepest)
      return false;
    if (*what >= of_text)
      return skip(*what - of_text);
    switch (*what) {
      case of_nil:
        return !is_key;
      case of_false:
      case of_true:
        return true;
      case of_int:
        return skip(4);
      case of_num:
        return skip(8);
      default:
        return *what >= of_table && *what <= last_table && table(*what - of_table, depth);
    }
  }

private:
  bool table(uint32_t parts, int depth) noexcept {
    const auto items = parts >= 2 ? number() : 0;
    const auto pairs = (parts & 1) != 0 ? number() : 0;
    if (!items || !pairs || uint64_t{*items} + 2 * uint64_t{*pairs} > left_.size() + 1)
      return false;
    for (uint32_t i = parts >= 4 ? 1 : 0; i < *items; ++i)
      if (!value(depth + 1))
        return false;
    for (uint32_t i = 0; i < *pairs; ++i)
      if (!value(depth + 1, true) || !value(depth + 1))
        return false;
    return true;
  }

  bool skip(size_t bytes) noexcept {
    if (bytes > left_.size())
      return false;
    left_.remove_prefix(bytes);
    return true;
  }

  uint32_t byte() noexcept {
    const auto out = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return out;
  }

  /// One, two or five bytes.
  std::optional<uint32_t> number() noexcept {
    if (left_.empty())
      return std::nullopt;
    const uint32_t first = byte();
    if (first < 0xe0)
      return first;
    if (first < 0xff) {
      if (left_.empty())
        return std::nullopt;
      return 0xe0 + ((first & 0x1f) << 8) + byte();
    }
    uint32_t out = 0;
    if (left_.size() < sizeof(out))
      return std::nullopt;
    std::memcpy(&out, left_.data(), sizeof(out));
    left_.remove_prefix(sizeof(out));
    return out;
  }

  std::string_view left_;
};

} // namespace

bool is_packed_value(std::string_view bytes) noexcept {
  reader from(bytes);
  return from.value(0) && from.at_end();
}

} // namespace flowactors
