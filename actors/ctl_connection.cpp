#include "actors/ctl_connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace flowactors {

namespace {

constexpr size_t longest_answer = 64u << 20;

error failed(const std::string& path, int number) {
  const char* const hint =
    number == ENOENT || number == ECONNREFUSED
      ? "; no flowactors listens there, or it was started without [control] socket"
      : "";
  return {ec::io_failed, path + ": " + std::strerror(number) + hint};
}

} // namespace

result<ctl_connection> ctl_connection::open(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof(to.sun_path))
    return failed(path, ENAMETOOLONG);
  path.copy(to.sun_path, sizeof(to.sun_path) - 1);
  ctl_connection out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (out.fd_ < 0 || ::connect(out.fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0)
    return failed(path, errno);
  return out;
}

ctl_connection::~ctl_connection() {
  if (fd_ >= 0)
    ::close(fd_);
}

ctl_connection::ctl_connection(ctl_connection&& other) noexcept
  : fd_(std::exchange(other.fd_, -1)) {}

ctl_connection& ctl_connection::operator=(ctl_connection&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

result<std::string> ctl_connection::ask(const std::string& request, std::chrono::seconds at_most) {
  using clock = std::chrono::steady_clock;
  const auto line = request + "\n"; // shorter than any socket's buffer
  if (::send(fd_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return error{ec::io_failed, "the program takes no request: it is stopping, or serves others"};
  const auto until = clock::now() + at_most;
  std::string out;
  char bytes[65536];
  while (!out.ends_with('\n') && out.size() < longest_answer) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    pollfd entry{fd_, POLLIN, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<int64_t>(left, 0)));
    if (ready < 0 && errno == EINTR)
      return error{ec::io_failed, "interrupted"};
    if (ready <= 0)
      return error{ec::io_failed, "the program gives no answer"};
    const ssize_t n = ::recv(fd_, bytes, sizeof(bytes), 0);
    if (n <= 0)
      return error{ec::io_failed,
                   "the program has closed the connection: it has stopped, serves "
                   "too many others, or belongs to another user"};
    out.append(bytes, static_cast<size_t>(n));
  }
  if (out.ends_with('\n'))
    out.pop_back();
  return out;
}

} // namespace flowactors
