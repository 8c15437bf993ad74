#pragma once

#include "actors/cluster.hpp"
#include "actors/console.hpp"
#include "actors/context_set.hpp"
#include "actors/input.hpp"
#include "actors/letter_links.hpp"
#include "actors/messages.hpp"
#include "actors/output_set.hpp"
#include "actors/speaker.hpp"
#include "config/settings.hpp"

#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// What a run came to. Time and memory of the account are main's to fill in.
struct run_result {
  report account;
  std::vector<std::string> failures; ///< empty = all went well
};

struct supervisor_options {
  settings values;
  int output = STDOUT_FILENO; ///< where scripts write to
  bool detached =
    true; ///< capture actors have threads of their own; false: for deterministic tests
  std::chrono::nanoseconds slice{10'000'000}; ///< see capture_parts
  bool progress = false;                      ///< show how far reading has come, on the terminal
  std::function<settings_outcome()> reread;   ///< reads the settings anew; null = they stay
  /// Called with each batch that a context has in hand, in its thread and before its scripts. What
  /// it throws breaks the context down: for tests.
  std::function<void()> on_batch;
  std::function<void(report)> interim;  ///< takes the account so far, when it is asked for
  std::function<void(run_result)> done; ///< called once, at the end, in the supervisor's thread
};

/// Owns the plan of a run: which capture actors there are, with which scripts.
///
/// A reload has three steps:
///   none --reload--> asked --load--> swapping --last VM came back--> none
/// All that ask before `load` comes share one reload; who asks while VMs are swapped gets the next
/// one.
class supervisor_state {
public:
  static constexpr const char* name = "supervisor";

  explicit supervisor_state(supervisor_actor::stateful_pointer<supervisor_state> self)
    : self_(self) {}
  void start(supervisor_options options);
  supervisor_actor::behavior_type make_behavior();

  /// A capture actor, and what the supervisor knows of it.
  struct worker {
    std::shared_ptr<input> from;
    capture_actor handle; ///< invalid = it has ended
    capture_progress progress;
    std::shared_ptr<value_store> store; ///< what its scripts keep over reloads
    std::shared_ptr<speaker> voice;     ///< of its scripts
    std::shared_ptr<post_box> box;      ///< likewise
    uint64_t packets = 0;               ///< at the end
    uint32_t of_input = 1;              ///< workers that its input has
    capture_snapshot former;            ///< what VMs that were swapped out have done
  };

  const std::vector<worker>& workers() const noexcept { return workers_; }
  const output_set& outputs() const noexcept { return outputs_; }
  const context_set& contexts() const noexcept { return contexts_; }

private:
  // -- start and end
  bool start_workers(const capture_order& order);
  bool start_worker(const capture_order& order, std::shared_ptr<input> from);
  result<void> begin_others(const catalog& names);
  result<std::shared_ptr<script_vm>> load_scripts(std::shared_ptr<value_store> store,
                                                  speaker& voice, std::shared_ptr<post_box> box,
                                                  std::shared_ptr<script_texts> texts);
  void tell_scripts(const char* verb, const std::vector<std::string>& files, bool compiled) const;
  void tell_faults(const script_vm& vm) const;
  void take_books(size_t index, const capture_snapshot& from, capture_snapshot& into) const;
  void take_end(size_t index, capture_end& end);
  void take_failure(size_t index, const caf::error& reason);
  void close(size_t index);
  void one_ended();
  bool start_keys();
  void renew_keys();
  bool start_node();

  void drain();
  void give_up();
  void finish();
  void conclude();
  void fail(std::string what);

  // -- reload
  bool change_settings(reload_plan& plan);
  void change_outputs(const settings& before, const reload_plan& plan);
  void change_capture(worker& of);
  reload_result refused(const char* why) const;
  caf::result<reload_result> reload();
  void load();
  std::vector<std::shared_ptr<script_vm>> load_fresh(reload_result& outcome);
  std::vector<std::string> broken_by(const script_vm& fresh) const;
  void swap_all(std::vector<std::shared_ptr<script_vm>> fresh);
  void swap(size_t index, std::shared_ptr<script_vm> fresh);
  void one_swapped();
  void all_run();
  void conclude_reload();

  // -- looking on
  struct gathered {
    capture_snapshot books;
    std::vector<size_t> silent;    ///< workers that gave no answer in time
    std::vector<uint64_t> packets; ///< of each worker
  };
  void gather(caf::duration at_most, std::function<void(const gathered&)> done);
  void account();
  caf::result<shared_status> status();
  void tell_status(const gathered& all);
  gathered last_words() const;
  report report_of(const capture_snapshot& books, bool closing = false) const;
  run_status status_of(const gathered& all) const;
  void tick();

  enum class reload_phase { none, asked, swapping };

  supervisor_actor::stateful_pointer<supervisor_state> self_;
  supervisor_options options_;
  std::shared_ptr<console> voice_;
  std::shared_ptr<const catalog> names_; ///< outlives every VM and output
  output_set outputs_;
  letter_links letter_links_;
  std::shared_ptr<post_office> post_;
  context_set contexts_;
  std::shared_ptr<node_ports> ports_; ///< for other nodes; null = they have nothing to do here
  std::shared_ptr<tls_keys> keys_;    ///< of links and the listener; null = in the open
  node_actor node_;                   ///< lets them in; invalid = it has ended
  cluster_actor cluster_;             ///< asks them
  std::vector<worker> workers_;
  size_t running_ = 0; ///< captures, and the node
  bool draining_ = false;
  capture_snapshot books_; ///< of workers that have ended, and of VMs that were swapped out
  std::vector<std::string> failures_;
  std::chrono::steady_clock::time_point started_;

  reload_phase phase_ = reload_phase::none;
  std::vector<std::string> loaded_;                                        ///< files that run
  std::shared_ptr<script_texts> texts_ = std::make_shared<script_texts>(); ///< at the start
  std::vector<caf::typed_response_promise<reload_result>> asked_, answered_;
  reload_result outcome_;
  std::vector<std::string> coming_; ///< files of the VMs that are being swapped in
  bool compiled_ = false;           ///< how those run
  bool renewed_ = false;            ///< inline scripts are swapped
  capture_changes changes_;         ///< settings of the captures
  size_t swaps_ = 0;                ///< that are under way
  reload_status reloads_;
  std::vector<caf::typed_response_promise<shared_status>> status_asked_;
};

supervisor_actor::behavior_type supervisor(
  supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_options options);

} // namespace flowactors
