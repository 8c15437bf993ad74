#include "actors/cluster.hpp"

#include "actors/control.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace flowactors {

namespace {

using json = nlohmann::ordered_json;

constexpr size_t most_calls = 64;
constexpr size_t most_answered = 1024;
constexpr uint32_t most_patience_ms = 120'000;
constexpr size_t most_bytes = 64u << 20; ///< of answers to a request
constexpr int deepest = 32;

std::string text_of(const json& what) {
  return what.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// The entries of a list that another node sent; empty if it is none. What is too deep in them is
/// left out: writing it again would take as many calls as it is deep.
std::vector<std::string> entries_of(const std::string& list) {
  std::vector<std::string> out;
  const auto parsed = json::parse(
    list, [](int depth, json::parse_event_t, json&) { return depth < deepest; }, false);
  if (!parsed.is_array())
    return out;
  for (const auto& each : parsed)
    if (each.is_object() && each.contains("node") && each["node"].is_string() && each.contains("ok")
        && each["ok"].is_boolean())
      out.push_back(text_of(each));
  return out;
}

} // namespace

cluster_state::~cluster_state() {
  if (parts_.post != nullptr)
    parts_.post->appoint(nullptr);
}

void cluster_state::start(cluster_parts parts) {
  parts_ = std::move(parts);
  self_->set_down_handler([this](const caf::down_msg&) { self_->quit(); });
  self_->monitor(parts_.boss); // the post office keeps this actor
  parts_.post->appoint([self = caf::actor_cast<cluster_actor>(self_)](
                         const post_office::neighbour& from, shared_letter what) {
    caf::anon_send(self, letter_atom_v, from.node, from.at, std::move(what));
  });
}

cluster_actor::behavior_type cluster_state::make_behavior() {
  return {
    [this](ask_atom, const std::string& command, uint32_t patience_ms) {
      return ask(command, patience_ms);
    },
    [this](letter_atom, const std::string& node, uint64_t at, const shared_letter& what) {
      take({node, at}, what);
    },
    [this](tick_atom, uint64_t origin, uint64_t serial) {
      time_is_over({origin, serial});
    },
  };
}

caf::result<std::string> cluster_state::ask(const std::string& command, uint32_t patience_ms) {
  call made;
  made.promise = self_->make_response_promise<std::string>();
  const auto out = made.promise;
  begin({parts_.post->incarnation(), parts_.post->next_serial()}, std::move(made), {}, command,
        patience_ms, most_hops);
  return out;
}

void cluster_state::begin(const key& which, call made, const post_office::neighbour& from,
                          const std::string& command, uint32_t patience_ms, uint8_t hops) {
  made.from = from.at;
  made.awaited[0] = parts_.node;
  std::vector<post_office::neighbour> others;
  if (hops > 0)
    others = parts_.post->neighbours();
  std::erase_if(others, [&](const auto& each) { return each.node == from.node; });
  for (const auto& each : others)
    made.awaited[each.at] = each.node;
  calls_[which] = std::move(made);
  const uint32_t theirs = patience_ms / 5 * 4;
  for (const auto& each : others)
    parts_.post->send(each.at, {letter_kind::request,
                                static_cast<uint8_t>(hops - 1),
                                theirs,
                                which.first,
                                which.second,
                                command,
                                {}});
  self_->delayed_send(self_, std::chrono::milliseconds(patience_ms), tick_atom_v, which.first,
                      which.second);
  answer_self(which, command);
}

/// Whoever asks from elsewhere has to be known.
void cluster_state::answer_self(const key& which, const std::string& command) {
  const auto done = [this, which](const std::string& answer) {
    json entry = {{"node", parts_.node}};
    entry.update(json::parse(answer));
    take_entry(which, 0, {text_of(entry)});
  };
  const auto failed = [this, which](const caf::error& why) {
    take_entry(which, 0, {failure(parts_.node, self_->system().render(why))});
  };
  if (which.first != parts_.post->incarnation() && !parts_.trusts)
    return take_entry(which, 0,
                      {failure(parts_.node,
                               "answers nodes with certificates alone, or with "
                               "[node] insecure = true")});
  if (command == "reload") {
    self_->request(parts_.boss, caf::infinite, reload_atom_v)
      .then([done](const reload_result& what) { done(reload_answer(what)); }, failed);
  } else {
    self_->request(parts_.boss, caf::infinite, status_atom_v)
      .then(
        [done, command](const shared_status& status) {
          const auto answer = cluster_answer(command, *status);
          done(answer.empty() ? refusal_answer("does not know this command") : answer);
        },
        failed);
  }
}

void cluster_state::take(const post_office::neighbour& from, const shared_letter& what) {
  if (what == nullptr) { // what this one would have answered, nobody will
    std::vector<key> of;
    for (const auto& [which, each] : calls_)
      if (each.awaited.contains(from.at))
        of.push_back(which);
    for (const auto& which : of)
      take_entry(which, from.at, {failure(from.node, "the connection was lost")});
    return;
  }
  const key which{what->origin, what->serial};
  if (what->kind == letter_kind::answer)
    return take_answer(from, *what);
  const bool known = calls_.contains(which)
                     || std::ranges::find(answered_, which) != answered_.end()
                     || which.first == parts_.post->incarnation();
  if (known) // it has come on another way, on which the answer goes
    return reply(from.at, which, "[]");
  if (calls_.size() >= most_calls)
    return reply(from.at, which, "[" + failure(parts_.node, "is asked too much at once") + "]");
  begin(which, {}, from, what->name, std::min(what->patience_ms, most_patience_ms), what->hops);
}

void cluster_state::take_answer(const post_office::neighbour& from, const letter& what) {
  take_entry({what.origin, what.serial}, from.at, entries_of(what.body));
}

void cluster_state::take_entry(const key& which, uint64_t of, std::vector<std::string> entries) {
  const auto at = calls_.find(which);
  if (at == calls_.end() || at->second.awaited.erase(of) == 0)
    return;
  size_t bytes = 0;
  for (const auto& each : entries)
    bytes += each.size();
  if (at->second.bytes + bytes > most_bytes)
    entries = {failure(parts_.node, "the answers of all nodes are too long together")};
  else
    at->second.bytes += bytes;
  std::ranges::move(entries, std::back_inserter(at->second.answers));
  if (at->second.awaited.empty())
    conclude(which);
}

void cluster_state::time_is_over(const key& which) {
  const auto at = calls_.find(which);
  if (at == calls_.end())
    return;
  for (const auto& [connection, node] : at->second.awaited)
    at->second.answers.push_back(failure(node, "no answer in time"));
  conclude(which);
}

void cluster_state::conclude(const key& which) {
  auto done = calls_.extract(which).mapped();
  answered_.push_back(which);
  if (answered_.size() > most_answered)
    answered_.pop_front();
  std::ranges::sort(done.answers); // by node: that stands first
  std::string list;
  for (const auto& each : done.answers)
    list += (list.empty() ? "" : ",") + each;
  list = "[" + list + "]";
  if (done.from == 0)
    done.promise.deliver(std::move(list));
  else
    reply(done.from, which, std::move(list));
}

void cluster_state::reply(uint64_t to, const key& which, std::string list) {
  if (list.size() > longest_body_of(letter_kind::answer))
    list = "[" + failure(parts_.node, "this and what comes from behind it is too long") + "]";
  parts_.post->send(
    to, {letter_kind::answer, 0, 0, which.first, which.second, "answer", std::move(list)});
}

std::string cluster_state::failure(const std::string& node, const std::string& why) const {
  return text_of({{"node", node}, {"ok", false}, {"error", why}});
}

cluster_actor::behavior_type cluster(cluster_actor::stateful_pointer<cluster_state> self,
                                     cluster_parts parts) {
  self->state.start(std::move(parts));
  return self->state.make_behavior();
}

} // namespace flowactors
