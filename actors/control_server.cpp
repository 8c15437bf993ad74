#include "actors/control_server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace flowactors {

struct control_server::client {
  explicit client(int of) : fd(of) {}
  ~client() { ::close(fd); }
  client(const client&) = delete;

  const int fd;
  std::string request;     ///< what has come of it, and maybe of the next ones
  std::string answer;      ///< what has not gone yet
  bool last = false;       ///< closed after its answer
  clock::time_point since; ///< its last sign of life that counts
};

namespace {

constexpr const char* too_long = "{\"ok\":false,\"error\":\"the request is too long\"}";

bool fill_address(sockaddr_un& to, const std::string& path) noexcept {
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof(to.sun_path))
    return false;
  path.copy(to.sun_path, sizeof(to.sun_path) - 1);
  return true;
}

/// True if a program listens at the socket.
bool is_served(const sockaddr_un& at) noexcept {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool served =
    ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0 || errno == EAGAIN;
  ::close(fd);
  return served;
}

bool may_ask(int fd) noexcept {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
         && (peer.uid == 0 || peer.uid == ::geteuid());
}

} // namespace

control_server::control_server(std::string path, const control_limits& limits)
  : path_(std::move(path)), limits_(limits) {}

control_server::~control_server() {
  stop();
}

result<std::unique_ptr<control_server>> control_server::listen(const std::string& path,
                                                               const control_limits& limits) {
  std::unique_ptr<control_server> out(new control_server(path, limits));
  if (auto bound = out->bind(); !bound)
    return bound.failure();
  return out;
}

result<void> control_server::bind() {
  const auto failed = [this](const std::string& why) {
    return error{ec::io_failed, "[control] socket: " + path_ + ": " + why};
  };
  sockaddr_un at{};
  if (!fill_address(at, path_))
    return failed("the path is too long for a socket");
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode))
      return failed("there is something else; name another path");
    if (is_served(at))
      return failed("another program listens there; name another path");
    ::unlink(path_.c_str());
  }
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // Nobody may connect between bind and chmod: the mask is in force when the socket is made.
  const mode_t mask = ::umask(0177);
  const int bound = ::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof(at));
  const int number = errno;
  ::umask(mask);
  if (bound != 0)
    return failed(std::strerror(number));
  inode_ = ::lstat(path_.c_str(), &status) == 0 ? status.st_ino : 0;
  if (wake_ < 0 || ::listen(listener_, static_cast<int>(limits_.clients)) != 0)
    return failed(std::strerror(errno));
  return {};
}

void control_server::start(answerer answer) {
  answer_ = std::move(answer);
  thread_ = std::thread([this] { serve(); });
}

void control_server::stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    static_cast<void>(!::write(wake_, &one, sizeof(one)));
    thread_.join();
  }
  answer_ = nullptr; // and what it holds
  struct stat status {};
  if (inode_ != 0 && ::lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_)
    ::unlink(path_.c_str());
  inode_ = 0;
  for (int* fd : {&listener_, &wake_})
    if (const int open = std::exchange(*fd, -1); open >= 0)
      ::close(open);
}

void control_server::serve() {
  std::vector<pollfd> watched;
  for (;;) {
    watched.assign({{wake_, POLLIN, 0}, {listener_, POLLIN, 0}});
    auto now = clock::now();
    auto next = now + std::chrono::hours(1);
    for (const auto& each : clients_) {
      const auto events = static_cast<short>(each->answer.empty() ? POLLIN : POLLOUT);
      watched.push_back({each->fd, events, 0});
      next = std::min(next, deadline(*each));
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
    ::poll(watched.data(), watched.size(), static_cast<int>(std::max<int64_t>(wait, 0)));
    if (watched[0].revents != 0)
      break;
    now = clock::now();
    for (size_t i = clients_.size(); i-- > 0;)
      if (!attend(*clients_[i], watched[i + 2].revents, now))
        clients_.erase(clients_.begin() + static_cast<ptrdiff_t>(i));
    if (watched[1].revents != 0)
      accept_one(now);
  }
  for (const auto& each : clients_) // who told the program to stop hears that it does
    if (!each->answer.empty()) {
      each->last = true;
      write_to(*each, clock::now());
    }
  clients_.clear();
}

void control_server::accept_one(clock::time_point now) {
  const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0)
    return;
  auto made = std::make_unique<client>(fd);
  made->since = now;
  if (may_ask(fd) && clients_.size() < limits_.clients)
    clients_.push_back(std::move(made));
}

control_server::clock::time_point control_server::deadline(const client& who) const {
  const auto time = !who.answer.empty()    ? limits_.answer_time
                    : !who.request.empty() ? limits_.request_time
                                           : limits_.idle_time;
  return who.since + time;
}

/// False if the client is done with.
bool control_server::attend(client& who, short events, clock::time_point now) {
  if (events == 0)
    return now < deadline(who);
  if ((events & POLLOUT) != 0)
    return write_to(who, now);
  return (events & (POLLIN | POLLHUP)) != 0 && read_from(who, now);
}

bool control_server::read_from(client& who, clock::time_point now) {
  char bytes[1024];
  const ssize_t n = ::recv(who.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return true;
  if (n <= 0)
    return false;
  if (who.request.empty())
    who.since = now;
  who.request.append(bytes, static_cast<size_t>(n));
  answer_next(who, now);
  return true;
}

/// Answers the first request that is there whole.
void control_server::answer_next(client& who, clock::time_point now) {
  const size_t end = who.request.find('\n');
  if (end == who.request.npos ? who.request.size() > limits_.request : end > limits_.request) {
    who.answer = too_long;
    who.last = true;
  } else if (end != who.request.npos) {
    auto line = std::string_view(who.request).substr(0, end);
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    who.answer = answer_(line);
    who.request.erase(0, end + 1);
  } else {
    return;
  }
  who.answer += '\n';
  who.since = now;
}

bool control_server::write_to(client& who, clock::time_point now) {
  const ssize_t n =
    ::send(who.fd, who.answer.data(), who.answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0)
    return errno == EAGAIN || errno == EINTR;
  who.answer.erase(0, static_cast<size_t>(n));
  who.since = now;
  if (!who.answer.empty())
    return true;
  if (!who.last)
    answer_next(who, now);
  return !who.last || !who.answer.empty();
}

} // namespace flowactors
