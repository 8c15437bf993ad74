#include "capture/plain_format.hpp"

#include <climits>
#include <cstdint>
#include <cstring>

namespace flowactors {

namespace {

/// Writes as far as there is room, and counts all.
class bounded_text {
public:
  bounded_text(char* out, size_t room) noexcept : out_(out), room_(room) {}

  void add(const char* text, size_t size) noexcept {
    if (size_ < room_)
      std::memcpy(out_ + size_, text, size < room_ - size_ ? size : room_ - size_);
    size_ += size;
  }

  int finish() noexcept {
    if (room_ != 0)
      out_[size_ < room_ ? size_ : room_ - 1] = '\0';
    return size_ <= INT_MAX ? static_cast<int>(size_) : -1;
  }

private:
  char* out_;
  size_t room_;
  size_t size_ = 0;
};

constexpr size_t most_digits = 12;

void add_number(bounded_text& text, unsigned value, unsigned base, const char* digits,
                size_t least) noexcept {
  char room[most_digits];
  char* const end = room + most_digits;
  char* at = end;
  do {
    *--at = digits[value % base];
    value /= base;
  } while (value != 0);
  while (static_cast<size_t>(end - at) < least)
    *--at = '0';
  text.add(at, static_cast<size_t>(end - at));
}

} // namespace

int plain_format(char* out, size_t room, const char* format, va_list arguments) noexcept {
  bounded_text text{out, room};
  for (const char* at = format;;) {
    const char* const directive = strchrnul(at, '%');
    text.add(at, static_cast<size_t>(directive - at));
    if (*directive == '\0')
      return text.finish();
    at = directive + 1;
    size_t least = 1;
    if (at[0] == '0' && at[1] == '2') {
      least = 2;
      at += 2;
    }
    const char kind = *at++;
    if (kind == 'u') {
      add_number(text, va_arg(arguments, unsigned), 10, "0123456789", least);
    } else if (kind == 'X') {
      add_number(text, va_arg(arguments, unsigned), 16, "0123456789ABCDEF", least);
    } else if (kind == 'x') {
      add_number(text, va_arg(arguments, unsigned), 16, "0123456789abcdef", least);
    } else if (kind == 'd' && least == 1) {
      const int value = va_arg(arguments, int);
      if (value < 0)
        text.add("-", 1);
      add_number(text, value < 0 ? 0u - static_cast<unsigned>(value) : static_cast<unsigned>(value),
                 10, "0123456789", 1);
    } else if (kind == 's' && least == 1) {
      const char* const piece = va_arg(arguments, const char*);
      if (piece == nullptr)
        return -1;
      text.add(piece, std::strlen(piece));
    } else if (kind == '%' && least == 1) {
      text.add("%", 1);
    } else {
      return -1;
    }
  }
}

} // namespace flowactors
