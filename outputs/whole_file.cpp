#include "outputs/report.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace flowactors {

namespace {

error failed(const std::string& path, int number, const char* way_out) {
  const ec code = number == ENOENT   ? ec::not_found
                  : number == EACCES ? ec::no_permission
                                     : ec::io_failed;
  return {code, path + ": can't be written: " + std::strerror(number) + "; " + way_out};
}

constexpr const char* other_file = "name another file, or - for standard output";

int write_all(int fd, const std::string& text) noexcept {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    done += static_cast<size_t>(n);
  }
  return 0;
}

/// Writes to what is there already: a device, a FIFO.
result<void> write_into(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return failed(path, errno, other_file);
  int number = write_all(fd, text);
  if (::close(fd) != 0 && number == 0)
    number = errno;
  if (number != 0)
    return failed(path, number, other_file);
  return {};
}

/// A neighbour is written, then takes the place: nobody sees half a file.
result<void> write_beside(const std::string& path, mode_t mode, const std::string& text) {
  std::string beside = path + ".XXXXXX";
  const int fd = ::mkostemp(beside.data(), O_CLOEXEC);
  if (fd < 0)
    return failed(path, errno, other_file);
  int number = ::fchmod(fd, mode) != 0 ? errno : write_all(fd, text);
  if (number == 0 && ::fsync(fd) != 0)
    number = errno;
  if (::close(fd) != 0 && number == 0)
    number = errno;
  if (number == 0 && ::rename(beside.c_str(), path.c_str()) != 0)
    number = errno;
  if (number == 0)
    return {};
  ::unlink(beside.c_str());
  return failed(path, number, other_file);
}

} // namespace

result<void> write_whole(const std::string& path, const std::string& text) {
  if (path == "-") {
    if (const int number = write_all(STDOUT_FILENO, text); number != 0 && number != EPIPE)
      return failed("standard output", number, "name a file");
    return {};
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return write_beside(path, 0666 & ~mask, text);
  }
  if (S_ISDIR(status.st_mode))
    return error{ec::wrong_kind, path + ": is a folder; " + other_file};
  if (!S_ISREG(status.st_mode))
    return write_into(path, text);
  std::error_code unresolved; // a link stays a link
  const auto real = std::filesystem::canonical(path, unresolved);
  return write_beside(unresolved ? path : real.string(), status.st_mode & 07777, text);
}

} // namespace flowactors
