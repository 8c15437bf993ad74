#include "actors/supervisor.hpp"

#include "actors/capture.hpp"
#include "actors/log.hpp"
#include "actors/node.hpp"
#include "actors/options.hpp"
#include "actors/progress.hpp"
#include "nodes/sockets.hpp"

#include <utility>

namespace flowactors {

void supervisor_state::start(supervisor_options options) {
  options_ = std::move(options);
  started_ = std::chrono::steady_clock::now();
  post_ = std::make_shared<post_office>(own_incarnation(), options_.values.node.timeout);
  voice_ = std::make_shared<console>(options_.output, options_.values.capture.interface.empty());
  self_->set_down_handler([this](const caf::down_msg& down) {
    if (outputs_.take_down(down) || contexts_.take_down(self_, down)
        || letter_links_.take_down(self_, down))
      return;
    if (node_ && node_->address() == down.source) {
      fail("the listener for other nodes broke down: " + self_->system().render(down.reason));
      node_ = nullptr;
      return one_ended();
    }
    for (size_t i = 0; i < workers_.size(); ++i)
      if (workers_[i].handle && workers_[i].handle->address() == down.source)
        take_failure(i, down.reason);
  });
  bool ready = start_keys();
  cluster_ =
    self_->spawn(cluster, cluster_parts{own_name(options_.values), post_,
                                        caf::actor_cast<supervisor_actor>(self_),
                                        keys_ != nullptr || options_.values.node.insecure});
  for (const auto& order : plan_captures(options_.values))
    ready = ready && start_workers(order);
  ready = ready && start_node();
  running_ = workers_.size() + (node_ ? 1 : 0);
  if (!ready || running_ == 0) { // as long as nobody runs, nothing is lost by giving up
    for (auto& w : workers_)
      self_->send_exit(std::exchange(w.handle, capture_actor()), caf::exit_reason::user_shutdown);
    running_ = 0;
    finish();
    return;
  }
  contexts_.start(self_);
  letter_links_.set(self_, options_.values);
  if (node_)
    self_->send(node_, run_atom_v);
  for (size_t i = 0; i < workers_.size(); ++i)
    self_->request(workers_[i].handle, caf::infinite, run_atom_v)
      .then([this, i](capture_end& end) { take_end(i, end); },
            [](const caf::error&) {}); // the monitor tells why
  if (options_.progress)
    self_->send(self_, tick_atom_v);
}

supervisor_actor::behavior_type supervisor_state::make_behavior() {
  return {
    [this](reload_atom) { return reload(); },
    [this](load_atom) { load(); },
    [this](drain_atom) { drain(); },
    [this](give_up_atom) { give_up(); },
    [this](snapshot_atom) { account(); },
    [this](status_atom) { return status(); },
    [this](ask_atom, std::string& command, uint32_t patience_ms) {
      return self_->delegate(cluster_, ask_atom_v, std::move(command), patience_ms);
    },
    [this](tick_atom) { tick(); },
  };
}

bool supervisor_state::start_workers(const capture_order& order) {
  const auto decoding = tracker_options_of(options_.values).decoding;
  for (auto& from : input::make(order, live_options_of(options_.values), decoding))
    if (!start_worker(order, std::move(from)))
      return false;
  return true;
}

bool supervisor_state::start_worker(const capture_order& order, std::shared_ptr<input> from) {
  const auto number = static_cast<uint32_t>(from->worker());
  auto flows = tracker::make(tracker_options_of(options_.values, order, number));
  if (!flows) {
    fail(flows.failure().what);
    return false;
  }
  if (auto begun = begin_others((*flows)->names()); !begun) {
    fail(begun.failure().what);
    return false;
  }
  const auto records = outputs_.make_ports();
  const auto voice = std::make_shared<speaker>("inline", voice_, records);
  const auto store = std::make_shared<value_store>(store_limits_of(options_.values));
  std::shared_ptr<script_vm> scripts;
  std::shared_ptr<post_box> box;
  if (options_.values.scripts.enabled) {
    box = post_->open("inline");
    auto vm = load_scripts(store, *voice, box, texts_);
    if (!vm) {
      fail(vm.failure().what);
      return false;
    }
    scripts = std::move(vm).value();
    if (workers_.empty()) {
      tell_scripts("loads", scripts->scripts(), scripts->jit());
      tell_faults(*scripts);
      loaded_ = scripts->scripts();
      compiled_ = scripts->jit();
    }
  }
  auto lanes = contexts_.make_writers(static_cast<uint32_t>(workers_.size()));
  auto parts = std::make_shared<capture_parts>(
    capture_parts{from, std::move(flows).value(), voice, names_, std::move(scripts), voice_,
                  records, std::move(lanes), options_.slice});
  auto handle = options_.detached ? self_->spawn<caf::detached>(capture, std::move(parts))
                                  : self_->spawn(capture, std::move(parts));
  self_->monitor(handle);
  workers_.push_back(
    {std::move(from), std::move(handle), {}, store, voice, box, 0, order.workers, {}});
  return true;
}

/// Before the first worker: its VM, the outputs and contexts need the names of the protocols.
result<void> supervisor_state::begin_others(const catalog& names) {
  if (names_ != nullptr)
    return {};
  names_ = std::make_shared<catalog>(names);
  contexts_.introduce(identity_of(options_.values, *names_, keys_), post_);
  contexts_.watch(options_.on_batch);
  letter_links_.introduce(identity_of(options_.values, *names_, keys_), post_);
  outputs_.introduce(post_);
  auto started = outputs_.start(self_, options_.values, names_, options_.output, options_.detached);
  if (started && options_.values.scripts.enabled)
    contexts_.load(options_.values, voice_, names_, outputs_, options_.detached);
  return started;
}

/// Reads what this node proves itself with.
bool supervisor_state::start_keys() {
  const auto keys = read_credentials(options_.values);
  if (!keys) {
    fail(keys.failure().what);
    return false;
  }
  if (keys.value() != nullptr)
    keys_ = std::make_shared<tls_keys>(keys.value());
  warn_of_credentials(options_.values, keys.value().get());
  return true;
}

/// Lets other nodes in, if the settings say where.
bool supervisor_state::start_node() {
  if (options_.values.node.listen.empty())
    return true;
  if (names_ == nullptr) { // nothing is captured here
    auto options = tracker_options_of(options_.values);
    options.max_flows = 16;
    const auto flows = tracker::make(options);
    const auto begun = flows ? begin_others(flows.value()->names()) : flows.failure();
    if (!begun) {
      fail(begun.failure().what);
      return false;
    }
  }
  const auto at = parse_endpoint(options_.values.node.listen);
  const auto listener = at ? listen_on(at.value()) : at.failure();
  if (!listener) {
    fail(listener.failure().what);
    return false;
  }
  ports_ = std::make_shared<node_ports>();
  contexts_.open(*ports_);
  auto parts = std::make_shared<node_parts>(
    node_parts{listener.value(), {}, identity_of(options_.values, *names_, keys_), ports_, post_});
  log::info("node", "listens", options_.values.node.listen,
            keys_ == nullptr ? "in the open" : "under TLS");
  node_ = self_->system().middleman().spawn_broker(node, std::move(parts));
  self_->monitor(node_);
  return true;
}

result<std::shared_ptr<script_vm>> supervisor_state::load_scripts(
  std::shared_ptr<value_store> store, speaker& voice, std::shared_ptr<post_box> box,
  std::shared_ptr<script_texts> texts) {
  auto options = script_options_of(options_.values);
  options.texts = std::move(texts);
  options.names = names_.get();
  options.output = &voice;
  options.store = std::move(store);
  options.post = std::move(box);
  auto vm = script_vm::make(options);
  if (!vm)
    return vm.failure();
  return std::shared_ptr<script_vm>(std::move(vm).value());
}

void supervisor_state::tell_scripts(const char* verb, const std::vector<std::string>& files,
                                    bool compiled) const {
  std::string list;
  for (const auto& file : files)
    list += (list.empty() ? "" : ", ") + file;
  log::info(name, verb, list.empty() ? "no scripts" : list, compiled ? "compiled" : "interpreted");
}

void supervisor_state::tell_faults(const script_vm& vm) const {
  for (const auto& fault : vm.load_faults())
    log::error(name, "leaves out a script", fault.what);
  for (const auto& unknown : vm.unknown_callbacks())
    log::warning(name, "finds no callback", unknown);
}

// -- the end --------------------------------------------------------------------------------------

/// A worker's books into those of all, with a row of its own.
void supervisor_state::take_books(size_t index, const capture_snapshot& from,
                                  capture_snapshot& into) const {
  const worker& w = workers_[index];
  capture_snapshot own = w.former;
  merge(own, from);
  merge(into, from);
  worker_account row{static_cast<uint32_t>(index), w.from->name(),
                     static_cast<uint32_t>(w.from->worker() + 1), w.of_input};
  row.shared = w.of_input > 1 && !w.from->live();
  into.workers.push_back(account_of(own, std::move(row)));
}

void supervisor_state::take_end(size_t index, capture_end& end) {
  take_books(index, end.books, books_);
  workers_[index].packets = end.books.source.handed_out;
  for (auto& what : end.failures)
    failures_.push_back(std::move(what));
  close(index);
}

void supervisor_state::take_failure(size_t index, const caf::error& reason) {
  fail("the capture of " + workers_[index].from->name() + " broke down: "
       + self_->system().render(reason) + "; what it counted is not in the account");
  workers_[index].from->leave();
  close(index);
}

void supervisor_state::close(size_t index) {
  workers_[index].handle = capture_actor();
  one_ended();
}

void supervisor_state::one_ended() {
  if (--running_ == 0)
    finish();
}

void supervisor_state::drain() {
  outputs_.hurry();
  voice_->hurry();
  if (std::exchange(draining_, true))
    return;
  self_->delayed_send(self_, options_.values.shutdown.grace, give_up_atom_v);
  if (running_ == 0)
    return;
  log::info(name, "stops", "reading");
  if (node_)
    self_->request(node_, caf::infinite, finish_atom_v)
      .then(
        [this](bool) {
          node_ = nullptr;
          one_ended();
        },
        [](const caf::error&) {}); // the monitor tells why
  for (auto& w : workers_) {
    if (!w.handle)
      continue;
    self_->send(w.handle, drain_atom_v);
    w.from->stop();
  }
}

void supervisor_state::give_up() {
  if (const auto waiting = contexts_.give_up(); waiting != 0)
    log::warning(name, "gives up", std::to_string(waiting) + " events", "contexts were not done");
}

/// Nobody produces anything any more.
void supervisor_state::finish() {
  contexts_.finish(self_, [this] {
    outputs_.finish(self_, [this] { letter_links_.finish(self_, [this] { conclude(); }); });
  });
}

void supervisor_state::conclude() {
  log::show_progress({});
  post_->close();
  voice_->finish();
  if (auto what = voice_->failure(); !what.empty())
    failures_.push_back(std::move(what));
  for (auto& what : outputs_.failures())
    failures_.push_back(std::move(what));
  for (auto& what : contexts_.failures())
    failures_.push_back(std::move(what));
  tell_status(last_words());
  for (auto* list : {&asked_, &answered_})
    for (auto& promise : std::exchange(*list, {}))
      promise.deliver(refused("the program has stopped"));
  self_->send_exit(std::exchange(cluster_, cluster_actor()), caf::exit_reason::user_shutdown);
  options_.done({report_of(books_, true), std::move(failures_)});
  self_->quit();
}

void supervisor_state::fail(std::string what) {
  log::error(name, "fails", what);
  failures_.push_back(std::move(what));
}

// -- looking on -----------------------------------------------------------------------------------

void supervisor_state::tick() {
  if (running_ == 0)
    return;
  capture_progress sum;
  for (auto& w : workers_) {
    sum.done_bytes += w.progress.done_bytes;
    sum.total_bytes += w.progress.total_bytes;
    sum.packets += w.progress.packets;
    if (!w.handle)
      continue;
    self_->request(w.handle, caf::infinite, progress_atom_v)
      .then([&w](const capture_progress& now) { w.progress = now; }, [](const caf::error&) {});
    w.from->wake();
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - started_;
  if (sum.packets != 0)
    log::show_progress(progress_line(sum, elapsed.count()));
  self_->delayed_send(self_, std::chrono::milliseconds(250), tick_atom_v);
}

supervisor_actor::behavior_type supervisor(
  supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_options options) {
  self->state.start(std::move(options));
  return self->state.make_behavior();
}

} // namespace flowactors
