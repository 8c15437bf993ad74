#pragma once

#include "lua/helpers/saved_bytes.hpp"

#include <string>

namespace flowactors::test {

constexpr int64_t second = 1'000'000'000;

/// The bytes that a helper saves, without envelope.
template <class Helper>
std::string saved(const Helper& helper) {
  byte_writer counter;
  helper.save(counter);
  std::string out(counter.size(), '\0');
  byte_writer writer{out.data()};
  helper.save(writer);
  return out;
}

template <class Helper>
restored restore(Helper& helper, std::string_view bytes) {
  byte_reader in{bytes};
  return helper.restore(in);
}

/// Restores every cut of the bytes, and the bytes with each byte changed: nothing may be read or
/// written outside (the sanitizers look), and a cut is found out.
template <class Make>
size_t cuts_taken_for_whole(const std::string& bytes, Make&& make) {
  size_t out = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto helper = make();
    if (restore(*helper, std::string_view{bytes}.substr(0, size)) == restored::whole)
      ++out;
  }
  for (size_t i = 0; i < bytes.size(); ++i)
    for (const char change : {'\x01', '\x80', '\xff'}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      auto helper = make();
      (void)restore(*helper, damaged);
      saved(*helper);
    }
  return out;
}

} // namespace flowactors::test
