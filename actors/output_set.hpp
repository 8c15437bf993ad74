#pragma once

#include "actors/account.hpp"
#include "actors/messages.hpp"
#include "config/settings.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// The outputs of a run, for the supervisor, in whose thread everything here happens.
class output_set {
public:
  using pointer = supervisor_actor::pointer;

  /// Spawns an actor for each output of the settings. Fails if a file can't be opened; a socket or
  /// a FIFO may come later. `descriptor`, standard output, outlives the outputs.
  result<void> start(pointer self, const settings& values,
                     const std::shared_ptr<const catalog>& names, int descriptor, bool detached);

  /// A producer's end of all outputs.
  std::shared_ptr<record_ports> make_ports() const;

  /// Opens files anew, and logs what keeps that from being done.
  void reopen(pointer self);

  /// Nobody waits for an output any more.
  void hurry();

  /// Takes the end of an actor that was not asked to end; true if it was one of these.
  bool take_down(const caf::down_msg& down);

  /// Lets the outputs write what waits, then ends them and calls `done`. All producers have ended.
  void finish(pointer self, std::function<void()> done);

  std::vector<output_actor> handles() const;

  /// The books as of now.
  std::vector<output_account> accounts() const;

  /// What an output failed to write, each a sentence. After the end.
  std::vector<std::string> failures() const;

private:
  struct entry {
    std::string name;
    std::shared_ptr<record_queue> queue;
    output_actor handle;
    bool ended = false;
    std::string broke_down; ///< empty = it did not
  };

  void one_finished(size_t index);

  std::vector<entry> entries_;
  size_t running_ = 0;
  std::function<void()> done_;
};

} // namespace flowactors
