// The part of the supervisor that tells how it goes.

#include "actors/supervisor.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace flowactors {

namespace {

/// A capture that waits for a slow output on a replay gives no answer meanwhile.
constexpr std::chrono::seconds answer_time{2};

report::post_section section_of(const post_account& from) {
  report::post_section out{
    from.copies, {{"taken", from.taken}, {"passed_on", from.passed_on}}, from.come, from.again};
  for (size_t i = 0; i < from.lost.size(); ++i)
    out.ended.emplace_back(to_string(static_cast<post_loss>(i)), from.lost[i]);
  out.ended.emplace_back("waiting", from.waiting);
  return out;
}

} // namespace

/// Collects the books of all captures, and hands them over once all have answered.
void supervisor_state::gather(caf::duration at_most, std::function<void(const gathered&)> done) {
  struct gathering {
    gathered all;
    size_t missing = 1; // this loop
    std::function<void(const gathered&)> done;
  };
  auto under_way = std::make_shared<gathering>();
  under_way->all.books = books_;
  under_way->done = std::move(done);
  const auto one_less = [under_way] {
    if (--under_way->missing == 0)
      under_way->done(under_way->all);
  };
  under_way->all.packets.resize(workers_.size());
  for (size_t i = 0; i < workers_.size(); ++i) {
    const auto& each = workers_[i];
    under_way->all.packets[i] = each.packets;
    if (!each.handle)
      continue;
    ++under_way->missing;
    self_->request(each.handle, at_most, snapshot_atom_v)
      .then(
        [this, under_way, one_less, i](const capture_snapshot& more) {
          take_books(i, more, under_way->all.books);
          under_way->all.packets[i] = more.source.handed_out;
          one_less();
        },
        [under_way, one_less, i](const caf::error&) {
          under_way->all.silent.push_back(i);
          one_less();
        });
    each.from->wake();
  }
  const auto asked = [under_way] { ++under_way->missing; };
  contexts_.ask(self_, at_most, asked, one_less);
  letter_links_.ask(self_, at_most, asked, one_less);
  one_less();
}

report supervisor_state::report_of(const capture_snapshot& books, bool closing) const {
  capture_snapshot all = books;
  std::array<uint64_t, refusal_count> refused{};
  if (ports_ != nullptr) {
    for (auto& each : ports_->account())
      merge(all.lanes, std::move(each));
    refused = ports_->refused();
  }
  auto out =
    make_report(all, voice_->counters(), outputs_.accounts(), contexts_.accounts(), closing);
  const auto post = post_->accounts();
  out.post.messages = section_of(post.messages);
  out.post.records = section_of(post.records);
  out.post.unheard = post.unheard;
  for (const auto& [what, section] : {std::pair("messages between VMs", &out.post.messages),
                                      {"records for nodes", &out.post.records}})
    out.ledger.push_back({what, {{"copies", section->copies}}, section->ended});
  const auto& node = options_.values.node;
  out.node = {own_name(options_.values), node.listen, keys_ != nullptr, {}, {}, {}};
  for (const auto& each : letter_links_.accounts())
    out.node.links.push_back(section_of(each));
  if (ports_ != nullptr)
    for (const auto& each : ports_->peers())
      out.node.peers.push_back({each.node, each.context, each.received, each.done});
  for (size_t i = 0; i < refused.size(); ++i)
    out.node.refused.emplace_back(to_string(static_cast<refusal>(i)), refused[i]);
  return out;
}

void supervisor_state::account() {
  if (running_ == 0 || !options_.interim)
    return;
  gather(caf::infinite, [this](const gathered& all) { options_.interim(report_of(all.books)); });
}

/// All that ask while the books are collected get one answer.
caf::result<shared_status> supervisor_state::status() {
  auto promise = self_->make_response_promise<shared_status>();
  status_asked_.push_back(promise);
  if (status_asked_.size() == 1)
    gather(caf::duration(answer_time), [this](const gathered& all) { tell_status(all); });
  return promise;
}

void supervisor_state::tell_status(const gathered& all) {
  if (status_asked_.empty())
    return;
  const auto told = std::make_shared<const run_status>(status_of(all));
  for (auto& promise : std::exchange(status_asked_, {}))
    promise.deliver(told);
}

/// The books once all captures have ended.
supervisor_state::gathered supervisor_state::last_words() const {
  gathered out{books_, {}, {}};
  for (const auto& each : workers_)
    out.packets.push_back(each.packets);
  return out;
}

run_status supervisor_state::status_of(const gathered& all) const {
  run_status out;
  out.phase = draining_ || running_ == 0 ? "draining" : "running";
  out.elapsed = std::chrono::steady_clock::now() - started_;
  out.account = report_of(all.books);
  out.reload = reloads_;
  for (size_t i = 0; i < workers_.size(); ++i) {
    const auto& from = *workers_[i].from;
    const bool silent = std::ranges::find(all.silent, i) != all.silent.end();
    const char* state = silent ? "silent" : workers_[i].handle ? "reading" : "ended";
    out.inputs.push_back({from.name(), static_cast<uint32_t>(from.worker() + 1),
                          workers_[i].of_input, from.live(), state, all.packets[i]});
  }
  const auto& scripts = all.books.scripts;
  if (options_.values.scripts.enabled)
    out.contexts.push_back(
      {"inline", "running", "", loaded_, workers_.size(), compiled_,
       std::accumulate(scripts.handled.begin(), scripts.handled.end(), uint64_t{0}),
       scripts.rebuilds, scripts.output_dropped});
  for (auto& c : contexts_.accounts())
    out.contexts.push_back({c.name, c.state, c.reason, c.files, c.machines, c.compiled,
                            sum(c.books.scripts.handled), c.books.scripts.rebuilds,
                            c.books.scripts.output_dropped});
  return out;
}

} // namespace flowactors
