#define CAF_SUITE actors_control_server
#include "actors/control_server.hpp"

#include "tests/outputs/records.hpp"
#include "tests/suite.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>

using namespace flowactors;

namespace {

struct fixture : scratch_folder {
  fixture() {
    limits.clients = 4;
    at = path("control");
  }
  ~fixture() {
    for (const int fd : fds)
      ::close(fd);
  }

  void start() {
    auto made = control_server::listen(at, limits);
    if (!made)
      CAF_FAIL(made.failure().what);
    server = std::move(made).value();
    server->start([this](std::string_view request) {
      ++asked;
      return request == "large" ? std::string(4 << 20, 'x') : "<" + std::string(request) + ">";
    });
  }

  int connect() {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fds.push_back(fd);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    at.copy(to.sun_path, sizeof(to.sun_path) - 1);
    CAF_REQUIRE_EQUAL(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    return fd;
  }

  /// Sends as much as the server takes.
  static void send(int fd, std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0)
        return;
      text.remove_prefix(static_cast<size_t>(n));
    }
  }

  /// What comes up to `size` bytes or the end of the connection.
  static std::string receive(int fd, size_t size = SIZE_MAX) {
    std::string out;
    char bytes[65536];
    pollfd entry{fd, POLLIN, 0};
    while (out.size() < size && ::poll(&entry, 1, 30'000) > 0) {
      const ssize_t n = ::recv(fd, bytes, std::min(sizeof(bytes), size - out.size()), 0);
      if (n <= 0)
        break;
      out.append(bytes, static_cast<size_t>(n));
    }
    return out;
  }

  std::string ask(int fd, const std::string& request) {
    send(fd, request + "\n");
    return receive(fd, request.size() + 3);
  }

  control_limits limits;
  std::string at;
  std::atomic<int> asked = 0;
  std::vector<int> fds;
  std::unique_ptr<control_server> server;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(control_server_tests, fixture)

CAF_TEST(each line gets a line) {
  start();
  const int fd = connect();
  CAF_CHECK_EQUAL(ask(fd, "one"), "<one>\n");
  send(fd, "two\r\n");
  CAF_CHECK_EQUAL(receive(fd, 6), "<two>\n");
  send(fd, "a\nb\nc\n");
  CAF_CHECK_EQUAL(receive(fd, 12), "<a>\n<b>\n<c>\n");
}

CAF_TEST(the socket is for its owner and gone at the end) {
  start();
  struct stat status {};
  CAF_REQUIRE_EQUAL(::stat(at.c_str(), &status), 0);
  CAF_CHECK_EQUAL(status.st_mode & 07777u, 0600u);
  server.reset();
  CAF_CHECK_NOT_EQUAL(::stat(at.c_str(), &status), 0);
}

CAF_TEST(a request in pieces is one) {
  start();
  const int fd = connect();
  for (const char c : std::string("pieces"))
    send(fd, {&c, 1});
  send(fd, "\n");
  CAF_CHECK_EQUAL(receive(fd, 9), "<pieces>\n");
}

CAF_TEST(a megabyte without a newline is refused) {
  start();
  const int fd = connect();
  send(fd, std::string(1 << 20, 'x'));
  const auto answer = receive(fd, 60);
  CAF_CHECK_NOT_EQUAL(answer.find("too long"), std::string::npos);
  CAF_CHECK_EQUAL(asked, 0);
  CAF_CHECK_EQUAL(ask(connect(), "next"), "<next>\n");
}

CAF_TEST(garbage is a request like any other) {
  start();
  const std::string garbage("\0\xff{]\x01", 5);
  CAF_CHECK_EQUAL(ask(connect(), garbage), "<" + garbage + ">\n");
}

CAF_TEST(a client that hangs is closed and holds up nobody) {
  limits.request_time = limits.idle_time = std::chrono::milliseconds(20);
  start();
  const int idle = connect();
  const int half = connect();
  send(half, "half a reque");
  CAF_CHECK_EQUAL(ask(connect(), "x"), "<x>\n");
  CAF_CHECK_EQUAL(receive(idle), "");
  CAF_CHECK_EQUAL(receive(half), "");
}

CAF_TEST(a client that takes no answer is closed) {
  limits.answer_time = std::chrono::milliseconds(20);
  start();
  const int fd = connect();
  send(fd, "large\n");
  pollfd entry{fd, POLLIN, 0};
  CAF_REQUIRE_GREATER(::poll(&entry, 1, 30'000), 0);
  entry.events = POLLRDHUP; // it reads nothing until the server has hung up
  CAF_REQUIRE_GREATER(::poll(&entry, 1, 30'000), 0);
  const auto got = receive(fd);
  CAF_CHECK_GREATER(got.size(), 0u);
  CAF_CHECK_LESS(got.size(), size_t{4} << 20);
}

CAF_TEST(a large answer comes whole) {
  start();
  const int fd = connect();
  send(fd, "large\n");
  const auto answer = receive(fd, (4 << 20) + 1);
  CAF_CHECK_EQUAL(answer.size(), (size_t{4} << 20) + 1);
}

CAF_TEST(more clients than there is room for are turned away) {
  start();
  std::vector<int> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(connect());
    CAF_CHECK_EQUAL(ask(all.back(), "x"), "<x>\n");
  }
  CAF_CHECK_EQUAL(receive(connect()), "");
  ::shutdown(all[0], SHUT_RDWR);
  CAF_CHECK_EQUAL(receive(all[0]), "");
  CAF_CHECK_EQUAL(ask(all[1], "x"), "<x>\n"); // the server has seen that the other one went
  CAF_CHECK_EQUAL(ask(connect(), "x"), "<x>\n");
}

CAF_TEST(a client that goes without waiting does no harm) {
  start();
  for (int i = 0; i < 100; ++i) {
    const int fd = connect();
    send(fd, "large\n");
    ::close(fd);
    fds.pop_back();
  }
  std::string answer;
  for (int i = 0; i < 1000 && answer.empty(); ++i) // until there is room again
    answer = ask(connect(), "x");
  CAF_CHECK_EQUAL(answer, "<x>\n");
}

CAF_TEST(a socket that nobody serves any more is replaced and others are not ) {
  {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fds.push_back(fd);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    at.copy(to.sun_path, sizeof(to.sun_path) - 1);
    CAF_REQUIRE_EQUAL(::bind(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  } // bound, and nobody listens
  start();
  const auto second = control_server::listen(at, limits);
  CAF_REQUIRE(!second);
  CAF_CHECK_NOT_EQUAL(second.failure().what.find("another program listens"), std::string::npos);
  CAF_CHECK_EQUAL(ask(connect(), "x"), "<x>\n");
  std::ofstream(path("file")) << "text";
  const auto file = control_server::listen(path("file"), limits);
  CAF_REQUIRE(!file);
  CAF_CHECK_EQUAL(text(path("file")), "text");
  CAF_CHECK(!control_server::listen(path("no/folder"), limits));
  CAF_CHECK(!control_server::listen(path(std::string(200, 'x')), limits));
}

CAF_TEST_FIXTURE_SCOPE_END()
