// The part of the supervisor that gives the capture actors fresh scripts.

#include "actors/log.hpp"
#include "actors/options.hpp"
#include "actors/supervisor.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace flowactors {

/// Nothing is loaded.
reload_result supervisor_state::refused(const char* why) const {
  reload_result out;
  out.kept = loaded_;
  out.faults.emplace_back(why);
  return out;
}

caf::result<reload_result> supervisor_state::reload() {
  auto promise = self_->make_response_promise<reload_result>();
  if (running_ == 0 || draining_) {
    promise.deliver(refused("the program is stopping"));
    return promise;
  }
  asked_.push_back(promise);
  if (phase_ == reload_phase::none) {
    phase_ = reload_phase::asked;
    self_->send(self_, load_atom_v);
  }
  return promise;
}

void supervisor_state::load() {
  if (running_ == 0)
    return;
  phase_ = reload_phase::swapping;
  answered_ = std::exchange(asked_, {});
  outcome_ = {};
  if (auto reopened = log::reopen(); !reopened) {
    log::error(name, "keeps the old log", reopened.failure().what);
    outcome_.faults.push_back(reopened.failure().what);
  }
  outputs_.reopen(self_);
  reload_plan plan;
  if (!change_settings(plan)) {
    outcome_.kept = loaded_;
    return conclude_reload();
  }
  if (!options_.values.scripts.enabled) {
    outcome_.faults.push_back("no scripts are run: scripts.enabled is false");
    return swap_all({});
  }
  auto news = contexts_.prepare(plan);
  outcome_.kept = std::move(news.kept);
  outcome_.faults.insert(outcome_.faults.end(), news.faults.begin(), news.faults.end());
  swap_all(load_fresh(outcome_));
}

/// False if the settings are wrong, and all stays as it is.
bool supervisor_state::change_settings(reload_plan& plan) {
  settings_outcome fresh{options_.values, {}};
  if (options_.reread)
    fresh = options_.reread();
  outcome_.faults.insert(outcome_.faults.end(), fresh.faults.begin(), fresh.faults.end());
  if (!fresh.faults.empty())
    return false;
  plan = plan_reload(options_.values, fresh.values);
  const auto before = std::exchange(options_.values, plan.values);
  log::set_level(options_.values.log.level);
  for (const auto* list : {&plan.added, &plan.removed, &plan.changed})
    for (const auto& context : *list)
      outcome_.applied.push_back("context." + context);
  change_outputs(before, plan);
  letter_links_.set(self_, options_.values);
  outcome_.applied.insert(outcome_.applied.end(), plan.applied.begin(), plan.applied.end());
  const tracker_options times = tracker_options_of(options_.values);
  const auto changes = [&](std::string_view start) {
    return std::ranges::any_of(plan.applied,
                               [&](const auto& key) { return key.starts_with(start); });
  };
  changes_ = {changes("flows."), times, changes("capture.filter"), options_.values.capture.filter};
  renew_keys();
  outcome_.waiting = plan.waiting;
  for (const auto& key : outcome_.applied)
    log::info(name, "changes", key);
  for (const auto& key : outcome_.waiting)
    log::warning(name, "changes at the next start", key);
  return true;
}

/// What can't be opened stays as it is, and is tried again at the next reload.
void supervisor_state::change_outputs(const settings& before, const reload_plan& plan) {
  auto& outputs = options_.values.outputs;
  const auto faults = outputs_.change(self_, options_.values, plan.added_outputs,
                                      plan.changed_outputs, plan.removed_outputs);
  for (const auto& fault : faults) {
    log::error(name, "leaves an output as it is", fault.what);
    outcome_.faults.push_back(fault.what);
    if (const auto old = before.outputs.find(fault.name); old != before.outputs.end())
      outputs[fault.name] = old->second;
    else
      outputs.erase(fault.name);
  }
  for (const auto* list : {&plan.added_outputs, &plan.removed_outputs, &plan.changed_outputs})
    for (const auto& each : *list)
      if (std::ranges::find(faults, each, &output_fault::name) == faults.end())
        outcome_.applied.push_back("output." + each);
}

void supervisor_state::change_capture(worker& of) {
  if (!changes_.times && !changes_.filter)
    return;
  ++swaps_;
  self_->request(of.handle, caf::infinite, change_atom_v, changes_)
    .then(
      [this](const std::string& fault) {
        if (!fault.empty()) {
          log::error(name, "keeps the old filter", fault);
          outcome_.faults.push_back(fault);
        }
        one_swapped();
      },
      [this](const caf::error&) { one_swapped(); });
}

/// Certificates end, and new ones come under the same names. Connections that stand stay.
void supervisor_state::renew_keys() {
  if (keys_ == nullptr)
    return;
  const auto fresh = read_credentials(options_.values);
  if (!fresh) {
    log::error("node", "keeps the old certificate", fresh.failure().what);
    outcome_.faults.push_back(fresh.failure().what);
    return;
  }
  keys_->set(fresh.value());
  warn_of_credentials(options_.values, fresh.value().get());
}

/// A VM for each worker, or none if the old ones are to go on.
std::vector<std::shared_ptr<script_vm>> supervisor_state::load_fresh(reload_result& outcome) {
  std::vector<std::shared_ptr<script_vm>> out;
  const auto texts = std::make_shared<script_texts>();
  for (size_t i = 0; i < workers_.size(); ++i) {
    auto vm = load_scripts(workers_[i].store, *workers_[i].voice, workers_[i].box, texts);
    if (!vm) {
      outcome.kept.insert(outcome.kept.end(), loaded_.begin(), loaded_.end());
      outcome.faults.push_back(vm.failure().what);
      return {};
    }
    if (i == 0)
      for (const auto& fault : (*vm)->load_faults())
        outcome.faults.push_back(fault.what);
    // One VM holds all scripts, so that the old code of one file means the old code of all.
    if (!broken_by(**vm).empty()) {
      outcome.kept.insert(outcome.kept.end(), loaded_.begin(), loaded_.end());
      return {};
    }
    out.push_back(std::move(vm).value());
  }
  return out;
}

/// Files that run now and are still there, but do not load any more.
std::vector<std::string> supervisor_state::broken_by(const script_vm& fresh) const {
  const auto folder =
    std::filesystem::path(options_.values.scripts.root) / "callbacks" / "user_scripts" / "inline";
  std::vector<std::string> out;
  for (const auto& file : loaded_) {
    std::error_code failure;
    if (std::ranges::find(fresh.scripts(), file) == fresh.scripts().end()
        && std::filesystem::exists(folder / file, failure))
      out.push_back(file);
  }
  return out;
}

/// Gives the captures their fresh scripts, if there are any, and lanes to what contexts there will
/// be.
void supervisor_state::swap_all(std::vector<std::shared_ptr<script_vm>> fresh) {
  coming_ = loaded_;
  if (!fresh.empty()) {
    tell_faults(*fresh.front());
    coming_ = fresh.front()->scripts();
    compiled_ = fresh.front()->jit();
  }
  outcome_.loaded = outcome_.kept.empty() && (!fresh.empty() || workers_.empty());
  if (ports_ != nullptr)
    contexts_.open(*ports_);
  renewed_ = !fresh.empty();
  swaps_ = 1; // this loop
  for (uint32_t i = 0; i < workers_.size(); ++i) {
    auto lanes = contexts_.make_writers(i);
    if (!workers_[i].handle)
      continue;
    if (!fresh.empty())
      swap(i, std::move(fresh[i]));
    change_capture(workers_[i]);
    ++swaps_;
    self_
      ->request(workers_[i].handle, caf::infinite, lanes_atom_v,
                lanes_in_transit{
                  std::make_shared<std::vector<std::unique_ptr<lane_writer>>>(std::move(lanes))})
      .then([this] { one_swapped(); }, [this](const caf::error&) { one_swapped(); });
    workers_[i].from->wake();
  }
  one_swapped();
}

void supervisor_state::swap(size_t index, std::shared_ptr<script_vm> fresh) {
  ++swaps_;
  self_
    ->request(workers_[index].handle, caf::infinite, swap_atom_v,
              scripts_in_transit{std::move(fresh), 0})
    .then(
      [this, index](scripts_in_transit& old) {
        if (old.vm != nullptr) {
          const auto done = account_of(*old.vm);
          merge(books_.scripts, done);
          merge(workers_[index].former.scripts, done);
        }
        outcome_.pause_ns = std::max(outcome_.pause_ns, old.pause_ns);
        old.vm = nullptr; // closed here, off the packet path
        one_swapped();
      },
      // It ended meanwhile, and its account has come with its last word.
      [this](const caf::error&) { one_swapped(); });
}

void supervisor_state::one_swapped() {
  if (--swaps_ == 0)
    contexts_.commit(self_, [this] { all_run(); });
}

void supervisor_state::all_run() {
  loaded_ = std::move(coming_);
  if (renewed_)
    tell_scripts("reloads", loaded_, compiled_); // not before all run it
  conclude_reload();
}

void supervisor_state::conclude_reload() {
  if (!outcome_.loaded)
    for (const auto& fault : outcome_.faults)
      log::error(name, "keeps the old scripts", fault);
  for (auto& promise : std::exchange(answered_, {}))
    promise.deliver(outcome_);
  ++reloads_.count;
  reloads_.loaded = outcome_.loaded;
  reloads_.pause_ns = outcome_.pause_ns;
  reloads_.at = std::chrono::system_clock::now();
  reloads_.kept = outcome_.kept;
  reloads_.faults = outcome_.faults;
  phase_ = reload_phase::none;
  if (!asked_.empty()) {
    phase_ = reload_phase::asked;
    self_->send(self_, load_atom_v);
  }
}

} // namespace flowactors
