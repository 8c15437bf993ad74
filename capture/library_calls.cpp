// Calls inside libndpi that come to functions of ours, since the dynamic linker prefers the
// program's. Both give what the originals give; tests/capture/library_calls.cpp and
// plain_format.cpp compare them.

#include "capture/library_calls.hpp"

#include "capture/plain_format.hpp"

#include <cstdarg>
#include <cstring>

namespace flowactors {

const char* find_in(const char* text, const char* wanted, size_t room) noexcept {
  const size_t size = std::strlen(wanted);
  if (size == 0)
    return text;
  if (room == 0) // libndpi asks so about packets without payload, and with a null text
    return nullptr;
  return static_cast<const char*>(memmem(text, strnlen(text, room), wanted, size));
}

} // namespace flowactors

extern "C" {

// Dissectors look for words in payloads, a dozen times a packet of an unknown protocol.
char* ndpi_strnstr(const char* text, const char* wanted, size_t room) {
  return const_cast<char*>(flowactors::find_in(text, wanted, room));
}

// JA3 fingerprints are built by a snprintf for each cipher and extension, 70 for a TLS flow: a
// sixth of all instructions on short flows. What plain_format doesn't know goes the C library's
// way. Sanitizers have a function of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

int __vsnprintf_chk(char*, size_t, int, size_t, const char*, va_list);

int __snprintf_chk(char* out, size_t room, int flag, size_t size, const char* format, ...) {
  va_list arguments;
  if (size >= room) {
    va_start(arguments, format);
    const int length = flowactors::plain_format(out, room, format, arguments);
    va_end(arguments);
    if (length >= 0)
      return length;
  }
  va_start(arguments, format);
  const int length = __vsnprintf_chk(out, room, flag, size, format, arguments);
  va_end(arguments);
  return length;
}

#endif

} // extern "C"
