#pragma once

#include "actors/context.hpp"
#include "actors/node_identity.hpp"
#include "actors/node_ports.hpp"
#include "actors/output_set.hpp"
#include "actors/post_office.hpp"
#include "config/plan.hpp"

#include <deque>
#include <filesystem>
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
///
/// A reload has three steps: `prepare` loads, `make_writers` joins captures to what will be, and
/// `commit`, once they have that, lets each successor take over between two batches.
class context_set {
public:
  using pointer = supervisor_actor::pointer;
  using time_point = caf::actor_clock::time_point;

  /// Loads the scripts of all contexts. One whose folder can't be read is parked. What is passed
  /// outlives this.
  void load(const settings& values, std::shared_ptr<console> voice,
            std::shared_ptr<const catalog> names, output_set& outputs, bool detached);

  /// A worker's end of the lanes to all contexts. Before `start`, and after `prepare`.
  std::vector<std::unique_ptr<lane_writer>> make_writers(uint32_t worker);

  /// Lets events of other nodes into the contexts that run here. When writers are made.
  void open(node_ports& ports);

  /// Who this node is for others, and the way of messages; before `load`.
  void introduce(node_identity identity, std::shared_ptr<post_office> post) {
    identity_ = std::move(identity);
    post_ = std::move(post);
  }

  /// Called with each batch, see supervisor_options; before `start`.
  void watch(std::function<void()> on_batch) { on_batch_ = std::move(on_batch); }

  /// Spawns the actors.
  void start(pointer self);

  /// What came of loading the scripts anew.
  struct reload_news {
    std::vector<std::string> kept;   ///< files whose old code goes on, "context/file"
    std::vector<std::string> faults; ///< why, and what else is wrong
  };

  /// Loads the scripts of contexts that stay, beside those that run, and those of new ones. One
  /// whose files do not load any more stays as it is.
  reload_news prepare(const reload_plan& plan);

  /// Starts successors and new contexts, ends those that go once they have handled what waits, and
  /// calls `done` when the successors are there.
  void commit(pointer self, std::function<void()> done);

  /// Takes the end of an actor that was not asked to end; true if it was one of these.
  bool take_down(pointer self, const caf::down_msg& down);

  /// Asks all for their books, and calls `answered` for each that answers or can't, and `asked`
  /// before for each that will.
  void ask(pointer self, caf::duration at_most, const std::function<void()>& asked,
           std::function<void()> answered);

  /// Lets the contexts handle what waits, then ends them and calls `done`. All captures have ended.
  void finish(pointer self, std::function<void()> done);

  /// What still waits, or comes, is lost; gives the number of events that waited.
  uint64_t give_up();

  /// The books, as of when each was asked last.
  std::vector<context_account> accounts() const;

  /// Contexts that run or are parked, and those that go and are not done.
  size_t size() const noexcept { return entries_.size(); }

  /// The actors that run.
  std::vector<context_actor> handles() const;

  /// What kept a context from running, or from handling what waited at the end, each a sentence.
  std::vector<std::string> failures() const;

private:
  /// One VM of a context.
  struct shard {
    context_actor handle; ///< invalid = it is not running
    std::shared_ptr<record_ports> records;
    std::shared_ptr<speaker> words;
    std::shared_ptr<value_store> store;
    std::shared_ptr<post_box> box;    ///< null = it runs elsewhere
    std::shared_ptr<script_vm> fresh; ///< loaded, and not yet with an actor
    std::vector<std::shared_ptr<lane>> lanes;
    std::shared_ptr<context_end> last;
    context_snapshot latest; ///< of the actor that runs
    std::deque<time_point> breakdowns;
  };

  struct entry {
    std::string name;
    settings::context_section values;
    event_mask kinds = 0;
    std::shared_ptr<route> nodes; ///< that run it; null = this one
    std::vector<std::string> files;
    std::shared_ptr<script_texts> texts;  ///< what its shards run
    std::shared_ptr<script_texts> coming; ///< what those run that are loaded afresh
    bool compiled = false;
    bool renewed = false; ///< its shards have fresh scripts that wait
    bool parked = false;
    bool going = false; ///< it gets nothing any more
    std::string reason;
    std::string failure; ///< a sentence; empty = none
    uint64_t restarts = 0;
    std::vector<shard> shards;
    context_snapshot books; ///< of actors that have ended
  };

  result<std::shared_ptr<script_vm>> load_scripts(const entry& of,
                                                  const settings::context_section& values,
                                                  const shard& in,
                                                  std::shared_ptr<script_texts> texts) const;
  std::unique_ptr<entry> make_entry(const std::string& name,
                                    const settings::context_section& values) const;
  result<void> load(entry& of, const settings::context_section& values, bool first);
  std::filesystem::path folder_of(const std::string& context) const;
  void take_fresh(entry& of);
  void renew(entry& of, const settings::context_section& values, reload_news& news);
  void insert(std::unique_ptr<entry> made);
  std::vector<std::string> broken_by(const entry& of) const;
  void spawn(pointer self, entry& of, shard& one, std::vector<saved_state> saved = {});
  context_actor spawn_link(pointer self, entry& of, shard& one) const;
  size_t place_of(uint32_t worker);
  void add_lane(entry& of, shard& one, size_t place);
  void replace(pointer self, entry& of, shard& one);
  void one_replaced();
  void break_down(pointer self, entry& of, shard& one, const std::string& why);
  void park(pointer self, entry& of, const std::string& why);
  shard* shard_with(const caf::actor_addr& who);
  void end(pointer self, entry& of, shard& one);
  void one_ended();
  void forget_gone();
  void add_account(const entry& of, context_account& to) const;

  const settings* values_ = nullptr;
  node_identity identity_;
  std::shared_ptr<post_office> post_;
  std::shared_ptr<console> voice_;
  std::shared_ptr<const catalog> names_;
  output_set* outputs_ = nullptr;
  std::function<void()> on_batch_;
  bool detached_ = true;
  std::vector<std::unique_ptr<entry>> entries_; ///< by name
  std::vector<context_account> former_;         ///< of those that have gone, by name
  std::vector<uint32_t> workers_;
  size_t running_ = 0;
  bool over_ = false;    ///< nothing comes any more
  size_t replacing_ = 0; ///< successors that are awaited
  std::function<void()> replaced_;
  std::function<void()> done_;
};

} // namespace flowactors
