#pragma once

#include "capture/result.hpp"

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace flowactors {

struct control_limits {
  size_t clients = 16;                           ///< at a time; more are turned away
  size_t request = 1024;                         ///< bytes of a line
  std::chrono::milliseconds request_time{5'000}; ///< from its first byte to its newline
  std::chrono::milliseconds answer_time{10'000}; ///< without the client taking anything
  std::chrono::milliseconds idle_time{60'000};   ///< between two requests
};

/// A Unix socket, mode 0600, where clients ask by lines of text and get a line for each. In a
/// thread of its own with poll(): a client that sends garbage, too much or nothing costs no more
/// than its place. Only the user of this process and root are served (SO_PEERCRED). Knows nothing
/// of what is asked.
class control_server {
public:
  /// Gives the line that answers a request, without a newline. Called in the server's thread, one
  /// request after the other.
  using answerer = std::function<std::string(std::string_view request)>;

  /// Binds and listens. A socket that nobody listens at any more is replaced; anything else at the
  /// path is an error. Nobody is served before `start`.
  static result<std::unique_ptr<control_server>> listen(const std::string& path,
                                                        const control_limits& limits = {});
  ~control_server();
  control_server(const control_server&) = delete;
  control_server& operator=(const control_server&) = delete;

  void start(answerer answer);

  /// Ends the thread, after the request at hand, and takes the socket away.
  void stop();

private:
  struct client;
  using clock = std::chrono::steady_clock;

  control_server(std::string path, const control_limits& limits);
  result<void> bind();
  void serve();
  void accept_one(clock::time_point now);
  bool attend(client& who, short events, clock::time_point now);
  bool read_from(client& who, clock::time_point now);
  bool write_to(client& who, clock::time_point now);
  void answer_next(client& who, clock::time_point now);
  clock::time_point deadline(const client& who) const;

  const std::string path_;
  const control_limits limits_;
  int listener_ = -1;
  int wake_ = -1; ///< eventfd: the thread shall end
  ino_t inode_ = 0;
  answerer answer_;
  std::vector<std::unique_ptr<client>> clients_;
  std::thread thread_;
};

} // namespace flowactors
