#include "actors/process.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

namespace flowactors {

namespace {

double seconds_of(const timeval& time) noexcept {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

} // namespace

signal_line::signal_line() noexcept {
  ::sigemptyset(&set_);
  for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, wake_signal()})
    ::sigaddset(&set_, number);
  ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int signal_line::next() const noexcept {
  int number = -1;
  while (number <= 0)
    number = ::sigwaitinfo(&set_, nullptr);
  return number;
}

void signal_line::wake() noexcept {
  ::kill(::getpid(), wake_signal());
}

void add_usage(report& into, std::chrono::steady_clock::time_point since) noexcept {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  into.elapsed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
  into.user_s = seconds_of(usage.ru_utime);
  into.system_s = seconds_of(usage.ru_stime);
  into.peak_rss_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

} // namespace flowactors
