#pragma once

#include "actors/account.hpp"
#include "actors/messages.hpp"
#include "actors/post_office.hpp"
#include "config/settings.hpp"
#include "outputs/record_sink.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// Why an output could not be opened.
struct output_fault {
  std::string name;
  std::string what;
};

/// The outputs of a run, for the supervisor, in whose thread everything here happens.
class output_set {
public:
  using pointer = supervisor_actor::pointer;

  /// The way to outputs of other nodes, and from there to these; before `start`.
  void introduce(std::shared_ptr<post_office> post) { post_ = std::move(post); }

  /// Spawns an actor for each output of the settings. Fails if a file can't be opened; a socket or
  /// a FIFO may come later. `descriptor`, standard output, outlives the outputs.
  result<void> start(pointer self, const settings& values,
                     const std::shared_ptr<const catalog>& names, int descriptor, bool detached);

  /// A producer's end of all outputs.
  std::shared_ptr<record_ports> make_ports();

  /// Opens those that are new, puts others in the place of those that change, once these have
  /// written what waits, and ends those that are gone. What can't be opened stays as it was: the
  /// names, each with why. May wait for a producer that waits for an output.
  std::vector<output_fault> change(pointer self, const settings& values,
                                   const std::vector<std::string>& added,
                                   const std::vector<std::string>& changed,
                                   const std::vector<std::string>& removed);

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
    std::shared_ptr<record_queue> queue; ///< null = it has left, and ended
    output_actor handle;
    bool ended = false;
    bool leaving = false;   ///< it writes what waits and ends, while the run goes on
    std::string broke_down; ///< empty = it did not
    output_actor successor; ///< waits for its end
    bool elsewhere = false; ///< it is at another node
  };

  result<void> spawn(pointer self, const settings& values, const std::string& name, bool waits);
  std::vector<std::shared_ptr<record_queue>> queues() const;
  std::unique_ptr<record_sink> sink_of(const std::string& name,
                                       const settings::output_section& from) const;
  void announce();
  void leave(pointer self, size_t index);
  void one_finished(size_t index);
  static void tell_losses(const entry& of, std::vector<std::string>& into);

  std::shared_ptr<post_office> post_;
  std::shared_ptr<const catalog> names_;
  int descriptor_ = -1;
  bool detached_ = true;
  std::vector<entry> entries_;                    ///< also those that have ended
  std::map<std::string, record_counters> former_; ///< of those that have left, by name
  std::vector<std::string> failures_;             ///< likewise
  std::vector<std::weak_ptr<record_ports>> ports_;
  size_t running_ = 0;
  std::function<void()> done_;
};

} // namespace flowactors
