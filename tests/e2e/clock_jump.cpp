// For LD_PRELOAD: the wall clock goes by as many seconds as the file that CLOCK_JUMP names says at
// the moment. The clock that only goes forward is left alone, as it is when somebody sets the time.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

extern "C" int clock_gettime(clockid_t which, timespec* out) noexcept {
  using function = int (*)(clockid_t, timespec*);
  static const auto real = reinterpret_cast<function>(dlsym(RTLD_NEXT, "clock_gettime"));
  const int done = real(which, out);
  const char* const path = std::getenv("CLOCK_JUMP");
  if (which != CLOCK_REALTIME || path == nullptr)
    return done;
  if (std::FILE* const file = std::fopen(path, "re"); file != nullptr) {
    long seconds = 0;
    if (std::fscanf(file, "%ld", &seconds) == 1)
      out->tv_sec += seconds;
    std::fclose(file);
  }
  return done;
}
