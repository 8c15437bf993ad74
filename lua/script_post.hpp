#pragma once

#include <string>
#include <string_view>

namespace flowactors {

/// The way of messages from VM to VM. Called in the thread that runs the VM; never waits.
class script_post {
public:
  virtual ~script_post() = default;

  /// Whether there is such a context, here or on another node.
  virtual bool knows(std::string_view context) const noexcept = 0;

  /// A copy for each other VM of the context. False if none has room for it.
  virtual bool send(std::string_view context, std::string_view value) noexcept = 0;

  /// Whether something has come for this VM.
  virtual bool waits() const noexcept = 0;

  /// What has come first; false if there is nothing.
  virtual bool take(std::string& value) noexcept = 0;
};

} // namespace flowactors
