#define CAF_SUITE capture_plain_format
#include "capture/plain_format.hpp"

#include "tests/suite.hpp"

#include <climits>
#include <cstdarg>
#include <cstdio>
#include <random>
#include <string>

using namespace flowactors;

namespace {

struct outcome {
  int length;
  std::string text;

  bool operator==(const outcome&) const = default;
};

outcome ours(size_t room, const char* format, ...) {
  std::string out(room + 1, '#');
  va_list arguments;
  va_start(arguments, format);
  const int length = plain_format(out.data(), room, format, arguments);
  va_end(arguments);
  return {length, out};
}

outcome theirs(size_t room, const char* format, ...) {
  std::string out(room + 1, '#');
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(out.data(), room, format, arguments);
  va_end(arguments);
  return {length, out};
}

// What is beyond the end of the text may differ.
void same(const outcome& a, const outcome& b) {
  CAF_CHECK_EQUAL(a.length, b.length);
  CAF_CHECK_EQUAL(std::string(a.text.c_str()), std::string(b.text.c_str()));
  CAF_CHECK_EQUAL(a.text.back(), '#');
}

} // namespace

CAF_TEST(numbers and texts as the C library writes them) {
  std::mt19937 random{7};
  const char* formats[] = {"%u,", "%s%u", "a%%b%u", "%02X", "%02x:", "%X", "%x", "%d", "", "plain"};
  const unsigned values[] = {0, 1, 9, 10, 255, 256, 65535, INT_MAX, 1u << 31, UINT_MAX};
  for (const char* format : formats)
    for (const size_t room : {size_t{0}, size_t{1}, size_t{2}, size_t{5}, size_t{64}})
      for (const unsigned value : values) {
        if (std::string_view{format} == "%s%u") {
          const std::string piece(random() % 8, 'p');
          same(ours(room, format, piece.c_str(), value),
               theirs(room, format, piece.c_str(), value));
        } else {
          same(ours(room, format, value), theirs(room, format, value));
        }
      }
}

CAF_TEST(what it does not know is left to the C library) {
  for (const char* format :
       {"%5u", "%lu", "%f", "%n", "%c", "%02d", "%02s", "%0", "%", "%-u", "%p"})
    CAF_CHECK_EQUAL(ours(64, format, nullptr).length, -1);
  CAF_CHECK_EQUAL(ours(64, "%s", static_cast<const char*>(nullptr)).length, -1);
}
