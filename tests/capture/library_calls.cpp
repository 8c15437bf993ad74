#define CAF_SUITE capture_library_calls
#include "capture/library_calls.hpp"

#include "tests/suite.hpp"

#include <dlfcn.h>

#include <random>
#include <string>

using namespace flowactors;

CAF_TEST(text is found where libndpi finds it) {
  void* library = dlopen("libndpi.so.4.2", RTLD_NOW | RTLD_NOLOAD);
  CAF_REQUIRE(library != nullptr);
  using finder = char* (*)(const char*, const char*, size_t);
  const auto original = reinterpret_cast<finder>(dlsym(library, "ndpi_strnstr"));
  CAF_REQUIRE(original != nullptr);
  std::mt19937 random{11};
  const auto letters = [&](size_t most) {
    std::string out;
    for (size_t size = random() % (most + 1); out.size() < size;)
      out += "abc"[random() % 3];
    return out;
  };
  CAF_CHECK(find_in(nullptr, "a", 0) == nullptr); // as libndpi does for packets without payload
  size_t found = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = letters(24);
    const std::string wanted = letters(4);
    if (!text.empty() && random() % 4 == 0)
      text[random() % text.size()] = '\0';
    const size_t room = random() % (text.size() + 1);
    const char* const place = find_in(text.c_str(), wanted.c_str(), room);
    CAF_REQUIRE_EQUAL(static_cast<const void*>(place),
                      static_cast<const void*>(original(text.c_str(), wanted.c_str(), room)));
    found += place != nullptr ? 1 : 0;
  }
  CAF_CHECK(found > 1000);
  dlclose(library);
}
