#include "nodes/sockets.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace flowactors {

namespace {

struct free_addresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

result<std::unique_ptr<addrinfo, free_addresses>> resolve(const endpoint& at, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const auto port = std::to_string(at.port);
  if (const int failure = getaddrinfo(at.host.c_str(), port.c_str(), &hints, &found); failure != 0)
    return error{ec::not_found, to_string(at) + ": " + gai_strerror(failure)};
  return std::unique_ptr<addrinfo, free_addresses>(found);
}

int open_socket(const addrinfo& at) {
  return socket(at.ai_family, at.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at.ai_protocol);
}

void set(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof(value));
}

/// 0, or what went wrong.
int connect_within(int fd, const addrinfo& to, int at_most_ms) {
  if (connect(fd, to.ai_addr, to.ai_addrlen) == 0)
    return 0;
  if (errno != EINPROGRESS)
    return errno;
  pollfd waited{fd, POLLOUT, 0};
  if (poll(&waited, 1, at_most_ms) <= 0)
    return ETIMEDOUT;
  int out = 0;
  socklen_t size = sizeof(out);
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &out, &size) == 0 ? out : errno;
}

} // namespace

result<int> dial(const endpoint& to, std::chrono::milliseconds at_most) {
  auto found = resolve(to, 0);
  if (!found)
    return found.failure();
  int why = EADDRNOTAVAIL;
  for (const auto* each = found.value().get(); each != nullptr; each = each->ai_next) {
    const int fd = open_socket(*each);
    if (fd < 0)
      return error{ec::out_of_resources, std::strerror(errno)};
    why = connect_within(fd, *each, static_cast<int>(at_most.count()));
    if (why == 0) {
      set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
      return fd;
    }
    close(fd);
  }
  return error{ec::io_failed, to_string(to) + ": " + std::strerror(why)};
}

result<int> listen_on(const endpoint& at) {
  auto found = resolve(at, AI_PASSIVE);
  if (!found)
    return found.failure();
  const auto& first = *found.value();
  const int fd = open_socket(first);
  if (fd < 0)
    return error{ec::out_of_resources, std::strerror(errno)};
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (bind(fd, first.ai_addr, first.ai_addrlen) == 0 && listen(fd, 64) == 0)
    return fd;
  const int why = errno;
  close(fd);
  return error{ec::io_failed, "can't listen on " + to_string(at) + ": " + std::strerror(why)};
}

} // namespace flowactors
