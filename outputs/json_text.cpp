#include "outputs/json_text.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace flowactors {

namespace {

constexpr char replacement[] = "\xef\xbf\xbd";

/// Bytes of the sequence at the front; 0 = that is none. Table 3-7 of the Unicode standard.
size_t sequence(std::string_view text) noexcept {
  const auto at = [text](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto in = [&](size_t i, unsigned low, unsigned high) {
    return at(i) >= low && at(i) <= high;
  };
  const unsigned first = at(0);
  if (first < 0x80)
    return 1;
  if (first < 0xc2 || first > 0xf4)
    return 0;
  if (first < 0xe0)
    return in(1, 0x80, 0xbf) ? 2 : 0;
  const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (!in(1, low, high) || !in(2, 0x80, 0xbf))
    return 0;
  if (first < 0xf0)
    return 3;
  return in(3, 0x80, 0xbf) ? 4 : 0;
}

bool is_ascii(std::string_view text) noexcept {
  uint64_t high = 0;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    high |= word;
  }
  for (; i < text.size(); ++i)
    high |= static_cast<unsigned char>(text[i]);
  return (high & 0x8080808080808080u) == 0;
}

void put_digits(char* at, int64_t value, int count) noexcept {
  for (int i = count - 1; i >= 0; --i, value /= 10)
    at[i] = static_cast<char>('0' + value % 10);
}

} // namespace

std::string_view valid_utf8(std::string_view text, std::string& scratch) {
  if (is_ascii(text))
    return text;
  scratch.clear();
  bool changed = false;
  for (size_t i = 0; i < text.size();) {
    const size_t size = sequence(text.substr(i));
    changed = changed || size == 0;
    scratch += size == 0 ? std::string_view(replacement) : text.substr(i, size);
    i += std::max<size_t>(size, 1);
  }
  return changed ? std::string_view(scratch) : text;
}

size_t write_eve_time(int64_t ns, char (&out)[eve_time_size]) noexcept {
  using namespace std::chrono;
  constexpr int64_t second = 1'000'000'000, last = 253'402'300'799; // 9999-12-31T23:59:59
  ns = std::max<int64_t>(ns, 0);
  const int64_t whole = std::min(ns / second, last);
  const auto day = floor<days>(sys_seconds{seconds{whole}});
  const year_month_day date{day};
  const int64_t in_day = whole % 86'400;
  std::memcpy(out, "0000-00-00T00:00:00.000000+0000", eve_time_size);
  put_digits(out, int{date.year()}, 4);
  put_digits(out + 5, static_cast<unsigned>(date.month()), 2);
  put_digits(out + 8, static_cast<unsigned>(date.day()), 2);
  put_digits(out + 11, in_day / 3600, 2);
  put_digits(out + 14, in_day / 60 % 60, 2);
  put_digits(out + 17, in_day % 60, 2);
  put_digits(out + 20, ns % second / 1000, 6);
  return eve_time_size;
}

} // namespace flowactors
