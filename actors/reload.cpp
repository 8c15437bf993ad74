// The part of the supervisor that gives the capture actors fresh scripts.

#include "actors/log.hpp"
#include "actors/supervisor.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace flowactors {

caf::result<reload_result> supervisor_state::reload() {
  auto promise = self_->make_response_promise<reload_result>();
  if (running_ == 0 || draining_) {
    promise.deliver(reload_result{false, loaded_, {"the program is stopping"}});
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
  if (!options_.values.scripts.enabled) {
    outcome_.faults.push_back("no scripts are run: scripts.enabled is false");
    conclude_reload();
    return;
  }
  auto fresh = load_fresh(outcome_);
  if (fresh.empty())
    conclude_reload();
  else
    swap_all(std::move(fresh));
}

/// A VM for each worker, or none if the old ones are to go on.
std::vector<std::shared_ptr<script_vm>> supervisor_state::load_fresh(reload_result& outcome) {
  std::vector<std::shared_ptr<script_vm>> out;
  for (size_t i = 0; i < workers_.size(); ++i) {
    auto vm = load_scripts(workers_[i].store, *workers_[i].voice);
    if (!vm) {
      outcome.kept = loaded_;
      outcome.faults.push_back(vm.failure().what);
      return {};
    }
    if (i == 0)
      for (const auto& fault : (*vm)->load_faults())
        outcome.faults.push_back(fault.what);
    // One VM holds all scripts, so that the old code of one file means the old code of all.
    if (!broken_by(**vm).empty()) {
      outcome.kept = loaded_;
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

void supervisor_state::swap_all(std::vector<std::shared_ptr<script_vm>> fresh) {
  tell_faults(*fresh.front());
  coming_ = fresh.front()->scripts();
  compiled_ = fresh.front()->jit();
  outcome_.loaded = true;
  swaps_ = 1; // this loop
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (!workers_[i].handle)
      continue;
    ++swaps_;
    self_
      ->request(workers_[i].handle, caf::infinite, swap_atom_v,
                scripts_in_transit{std::move(fresh[i])})
      .then(
        [this](scripts_in_transit& old) {
          if (old.vm != nullptr)
            merge(books_.scripts, account_of(*old.vm));
          old.vm = nullptr; // closed here, off the packet path
          one_swapped();
        },
        // It ended meanwhile, and its account has come with its last word.
        [this](const caf::error&) { one_swapped(); });
    workers_[i].from->wake();
  }
  one_swapped();
}

void supervisor_state::one_swapped() {
  if (--swaps_ != 0)
    return;
  loaded_ = std::move(coming_);
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
