#pragma once

#include "capture/result.hpp"

#include <chrono>
#include <string>

namespace flowactors {

/// A client's end of a control socket.
class ctl_connection {
public:
  static result<ctl_connection> open(const std::string& path);
  ~ctl_connection();
  ctl_connection(ctl_connection&& other) noexcept;
  ctl_connection& operator=(ctl_connection&& other) noexcept;

  /// Sends a line and gives the line that answers it, both without newline.
  result<std::string> ask(const std::string& request, std::chrono::seconds at_most);

private:
  explicit ctl_connection(int fd) noexcept : fd_(fd) {}
  int fd_;
};

} // namespace flowactors
