// The part of the contexts that gives them fresh scripts and settings.

#include "actors/context_set.hpp"
#include "actors/log.hpp"

#include <algorithm>
#include <utility>

namespace flowactors {

namespace {

constexpr const char* component = "context";

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

} // namespace

context_set::reload_news context_set::prepare(const reload_plan& plan) {
  reload_news news;
  forget_gone();
  std::vector<std::unique_ptr<entry>> fresh;
  const auto try_new = [&](const std::string& name) {
    const auto& section = plan.values.contexts.at(name);
    auto made = make_entry(name, section);
    if (auto loaded = load(*made, section, true); !loaded) {
      news.faults.push_back(loaded.failure().what);
      park(nullptr, *made, loaded.failure().what);
    } else {
      take_fresh(*made);
      made->renewed = true;
    }
    fresh.push_back(std::move(made));
    return !fresh.back()->parked;
  };
  for (auto& each : entries_) {
    if (each->going)
      continue;
    if (holds(plan.removed, each->name)) {
      each->going = true;
    } else if (!holds(plan.resized, each->name)) {
      renew(*each, plan.values.contexts.at(each->name), news);
    } else if (try_new(each->name)) {
      each->going = true;
    } else {
      fresh.pop_back(); // the old one stays
      for (const auto& file : each->files)
        news.kept.push_back(each->name + "/" + file);
    }
  }
  for (const auto& name : plan.added)
    try_new(name);
  for (auto& each : fresh)
    insert(std::move(each));
  return news;
}

void context_set::renew(entry& of, const settings::context_section& values, reload_news& news) {
  if (of.nodes != nullptr) { // the link stays
    of.values = values;
    return;
  }
  auto loaded = load(of, values, false);
  if (!loaded) {
    news.faults.push_back(loaded.failure().what);
  } else {
    for (const auto& fault : of.shards.front().fresh->load_faults())
      news.faults.push_back(fault.what);
    if (broken_by(of).empty()) {
      of.values = values;
      of.parked = false;
      of.reason.clear();
      of.failure.clear();
      of.renewed = true;
      take_fresh(of);
      for (auto& one : of.shards)
        one.breakdowns.clear();
      return;
    }
  }
  for (auto& one : of.shards)
    one.fresh = nullptr;
  for (const auto& file : of.files)
    news.kept.push_back(of.name + "/" + file);
}

/// Files that run now and are still there, but do not load any more.
std::vector<std::string> context_set::broken_by(const entry& of) const {
  const auto folder = folder_of(of.name);
  std::vector<std::string> out;
  for (const auto& file : of.files) {
    std::error_code failure;
    if (!holds(of.shards.front().fresh->scripts(), file)
        && std::filesystem::exists(folder / file, failure))
      out.push_back(file);
  }
  return out;
}

void context_set::commit(pointer self, std::function<void()> done) {
  replaced_ = std::move(done);
  replacing_ = 1;             // this loop
  if (over_ && running_ == 0) // the run ended meanwhile
    return one_replaced();
  for (auto& each : entries_) {
    if (each->going)
      for (auto& one : each->shards)
        if (one.handle)
          end(self, *each, one);
    if (std::exchange(each->renewed, false))
      for (auto& one : each->shards)
        replace(self, *each, one);
  }
  one_replaced();
}

/// The successor takes over what its predecessor leaves.
void context_set::replace(pointer self, entry& of, shard& one) {
  if (one.fresh == nullptr
      && of.nodes == nullptr) // it broke down meanwhile, and its successor runs the fresh code
    return;
  if (!one.handle)
    return spawn(self, of, one);
  ++replacing_;
  self->request(one.handle, caf::infinite, retire_atom_v)
    .then(
      [this, self, &of, &one](context_end& last) {
        merge(of.books, last.books);
        one.latest = {};
        --running_;
        spawn(self, of, one, std::move(last.saved));
        one_replaced();
      },
      [this](const caf::error&) { one_replaced(); }); // it broke down; the monitor starts another
}

void context_set::one_replaced() {
  if (--replacing_ == 0 && replaced_)
    std::exchange(replaced_, nullptr)();
}

} // namespace flowactors
