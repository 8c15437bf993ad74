#pragma once

#include "actors/context.hpp"
#include "actors/output_set.hpp"
#include "config/settings.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// The contexts of a run, for the supervisor, in whose thread everything here happens.
///
/// One-for-one: a shard that breaks down is started anew with fresh code and goes on where its
/// lanes stopped; after `restarts` of these within `restarts_within` the context is parked: it gets
/// no more events until the next reload, and everything else runs on.
class context_set {
public:
  using pointer = supervisor_actor::pointer;
  using clock = std::chrono::steady_clock;

  /// Loads the scripts of all contexts. One whose folder can't be read is parked. What is passed
  /// outlives this.
  void load(const settings& values, std::shared_ptr<console> voice,
            std::shared_ptr<const catalog> names, const output_set& outputs, bool detached);

  /// A worker's end of new lanes to all contexts. Before `start`.
  std::vector<std::unique_ptr<lane_writer>> make_writers(uint32_t worker);

  /// Spawns the actors.
  void start(pointer self);

  /// Takes the end of an actor that was not asked to end; true if it was one of these.
  bool take_down(pointer self, const caf::down_msg& down);

  /// Asks all for their books, and calls `answered` for each that answers or can't, and `asked`
  /// before for each that will.
  void ask(pointer self, caf::duration at_most, const std::function<void()>& asked,
           std::function<void()> answered);

  /// Lets the contexts handle what waits, then ends them and calls `done`. All captures have ended.
  void finish(pointer self, std::function<void()> done);

  /// What still waits, or comes, is lost.
  void give_up();

  /// The books, as of when each was asked last.
  std::vector<context_account> accounts() const;

  /// The actors that run.
  std::vector<context_actor> handles() const;

  /// What kept a context from running, each a sentence.
  const std::vector<std::string>& failures() const noexcept { return failures_; }

private:
  /// One VM of a context.
  struct shard {
    context_actor handle; ///< invalid = it is not running
    std::shared_ptr<record_ports> records;
    std::shared_ptr<speaker> words;
    std::shared_ptr<value_store> store;
    std::shared_ptr<script_vm> fresh; ///< loaded, and not yet with an actor
    std::vector<std::shared_ptr<lane>> lanes;
    std::shared_ptr<context_snapshot> last;
    context_snapshot latest; ///< of the actor that runs
    std::deque<clock::time_point> breakdowns;
  };

  struct entry {
    std::string name;
    settings::context_section values;
    event_mask kinds = 0;
    std::vector<std::string> files;
    bool compiled = false;
    bool parked = false;
    std::string reason;
    uint64_t restarts = 0;
    std::vector<shard> shards;
    context_snapshot books; ///< of actors that have ended
  };

  result<std::shared_ptr<script_vm>> load_scripts(const entry& of, const shard& in) const;
  void load(entry& of);
  void spawn(pointer self, entry& of, shard& one);
  void break_down(pointer self, entry& of, shard& one, const std::string& why);
  void park(pointer self, entry& of, const std::string& why);
  void end(pointer self, entry& of, shard& one);
  void one_ended();

  const settings* values_ = nullptr;
  std::shared_ptr<console> voice_;
  std::shared_ptr<const catalog> names_;
  const output_set* outputs_ = nullptr;
  bool detached_ = true;
  std::vector<std::unique_ptr<entry>> entries_; ///< by name
  std::vector<uint32_t> workers_;
  std::vector<std::string> failures_;
  size_t running_ = 0;
  std::function<void()> done_;
};

} // namespace flowactors
