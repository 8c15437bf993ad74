#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flowactors::fuzz {

/// An input as a row of decisions; zeros when it is used up.
class choices {
public:
  choices(const uint8_t* data, size_t size) : data_(data), left_(size) {}
  bool empty() const { return left_ == 0; }

  /// A number below n, which is at most 256.
  size_t below(size_t n) {
    if (left_ == 0)
      return 0;
    --left_;
    return *data_++ % n;
  }

  /// One of them.
  template <class T, size_t N>
  const T& one_of(const T (&list)[N]) {
    static_assert(N <= 256);
    return list[below(N)];
  }

  /// Up to 64 bytes as they are.
  std::string_view bytes() {
    const size_t size = below(64) < left_ ? below(64) : 0;
    const size_t taken = size < left_ ? size : left_;
    const std::string_view out{reinterpret_cast<const char*>(data_), taken};
    data_ += taken;
    left_ -= taken;
    return out;
  }

private:
  const uint8_t* data_;
  size_t left_;
};

} // namespace flowactors::fuzz
