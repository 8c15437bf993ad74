#include "actors/letter_links.hpp"

#include "actors/link.hpp"
#include "actors/log.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace flowactors {

void letter_links::introduce(node_identity identity, std::shared_ptr<post_office> post) {
  identity_ = std::move(identity);
  post_ = std::move(post);
}

void letter_links::set(pointer self, const settings& values) {
  std::map<std::string, bool> wanted; // whether it is quiet
  for (const auto& [name, output] : values.outputs)
    if (output.kind == "node")
      wanted[output.at] = false;
  for (const auto& [name, context] : values.contexts)
    for (const auto& at : context.at)
      wanted.try_emplace(at, true);
  for (auto& each : entries_)
    if (!each->leaving && wanted.erase(each->at) == 0)
      end(self, *each);
  for (const auto& [at, quiet] : wanted) {
    auto known = std::ranges::find_if(
      entries_, [&](const auto& each) { return each->at == at && !each->handle; });
    if (known == entries_.end())
      known = entries_.insert(known, std::make_unique<entry>(entry{at, {}, false, false, {}}));
    entry& of = **known;
    of.leaving = false;
    of.quiet = quiet;
    spawn(self, of);
    ++running_;
  }
}

void letter_links::spawn(pointer self, entry& of) const {
  auto parts = std::make_shared<link_parts>();
  parts->to = parse_endpoint(of.at).value();
  parts->self = identity_;
  parts->quiet = of.quiet;
  parts->post = post_;
  of.handle = self->system().middleman().spawn_broker(link, std::move(parts));
  self->monitor(of.handle);
  self->send(of.handle, run_atom_v);
}

/// It begins anew at once: it has nothing that would break it down again.
bool letter_links::take_down(pointer self, const caf::down_msg& down) {
  for (auto& each : entries_) {
    if (!each->handle || each->handle->address() != down.source)
      continue;
    log::error("link", "breaks down", each->at, self->system().render(down.reason));
    each->handle = nullptr;
    if (each->leaving)
      one_ended(*each);
    else
      spawn(self, *each);
    return true;
  }
  return false;
}

void letter_links::ask(pointer self, caf::duration at_most, const std::function<void()>& asked,
                       std::function<void()> answered) {
  for (auto& each : entries_) {
    if (!each->handle)
      continue;
    asked();
    self->request(each->handle, at_most, snapshot_atom_v)
      .then(
        [of = each.get(), answered](const context_snapshot& now) {
          if (!now.links.empty())
            of->books = now.links.front();
          answered();
        },
        [answered](const caf::error&) { answered(); });
  }
}

void letter_links::finish(pointer self, std::function<void()> done) {
  done_ = std::move(done);
  if (running_ == 0)
    return std::exchange(done_, nullptr)();
  for (auto& each : entries_)
    if (each->handle && !each->leaving)
      end(self, *each);
}

void letter_links::end(pointer self, entry& of) {
  of.leaving = true;
  self->request(of.handle, caf::infinite, finish_atom_v)
    .then(
      [this, &of](const context_snapshot& last) {
        if (!last.links.empty())
          of.books = last.links.front();
        of.handle = nullptr;
        one_ended(of);
      },
      [](const caf::error&) {}); // the monitor tells why
}

void letter_links::one_ended(entry& of) {
  of.leaving = true;
  if (--running_ == 0 && done_)
    std::exchange(done_, nullptr)();
}

std::vector<link_account> letter_links::accounts() const {
  std::vector<link_account> out;
  for (const auto& each : entries_)
    merge(out, each->books);
  return out;
}

} // namespace flowactors
