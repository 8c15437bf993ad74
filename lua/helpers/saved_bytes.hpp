#pragma once

#include "lua/helpers/scalar.hpp"

#include <cstring>
#include <string_view>

namespace flowactors {

/// How a restore ended.
enum class restored : uint8_t { whole, damaged, other_options, no_memory };

/// Lays a helper's state out as bytes, in the machine's byte order: it goes from one VM to the next
/// in the same process. Without a place to write to, it only counts.
class byte_writer {
public:
  explicit byte_writer(char* out = nullptr) noexcept : out_(out) {}

  size_t size() const noexcept { return size_; }

  void bytes(const void* data, size_t size) noexcept {
    if (out_ != nullptr && size != 0)
      std::memcpy(out_ + size_, data, size);
    size_ += size;
  }
  template <class T>
  void put(T value) noexcept {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    bytes(&value, sizeof(value));
  }
  void put(scalar value) noexcept {
    put(value.kind);
    put(static_cast<uint32_t>(value.bytes.size()));
    bytes(value.bytes.data(), value.bytes.size());
  }

private:
  char* out_;
  size_t size_ = 0;
};

/// Reads such bytes back. Past the end, or past nonsense, everything is 0 and `ok()` is false.
class byte_reader {
public:
  explicit byte_reader(std::string_view from) noexcept : rest_(from) {}

  bool ok() const noexcept { return ok_; }
  bool at_end() const noexcept { return ok_ && rest_.empty(); }

  std::string_view bytes(size_t size) noexcept {
    if (!ok_ || size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <class T>
  T take() noexcept {
    T value{};
    if (const auto from = bytes(sizeof(value)); ok_)
      std::memcpy(&value, from.data(), sizeof(value));
    return value;
  }
  scalar take_scalar() noexcept;

private:
  std::string_view rest_;
  bool ok_ = true;
};

/// The envelope of saved bytes: a mark, the helper's letter, the body, a checksum.
constexpr size_t seal_size = 16;

/// Puts the envelope around a body that stands at `out + 8`, `body` bytes long; `out` has room for
/// `body + seal_size`.
void seal(char* out, size_t body, char letter) noexcept;

/// The body, or an empty view with no data if these are not the bytes that a helper of this letter
/// saved.
std::string_view unseal(std::string_view sealed, char letter) noexcept;

} // namespace flowactors
