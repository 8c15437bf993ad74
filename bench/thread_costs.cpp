#include "bench/thread_costs.hpp"

#include <sys/resource.h>
#include <time.h>

namespace flowactors::bench {

namespace {

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

} // namespace

double thread_cpu_s() {
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

/// The clock of a thread by its number, as pthread_getcpuclockid makes it (clock_getres(2),
/// include/linux/posix-timers.h): complement, shifted by three, 6 = of a thread, by the scheduler.
double cpu_s_of(int thread) {
  return seconds_of(static_cast<clockid_t>((~static_cast<unsigned>(thread) << 3) | 6));
}

double process_cpu_s() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t peak_memory() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<uint64_t>(used.ru_maxrss) * 1024;
}

} // namespace flowactors::bench
