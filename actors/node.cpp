#include "actors/node.hpp"

#include "actors/log.hpp"
#include "nodes/batch_codec.hpp"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <utility>

namespace flowactors {

namespace {

constexpr size_t most_peers = 512;
constexpr size_t most_strangers = 64; ///< that have not greeted yet
constexpr uint32_t first_block = 64;  ///< of slots; those before belong to captures of this node
constexpr uint32_t blocks = 256;
constexpr uint32_t slots_of_block = 1u << 24;
constexpr uint64_t batches_of_ack = 4; ///< are done before one tells, if there are more to do

/// Tells the listener when the last part of a batch was let go, by whom ever.
class done_notice {
public:
  done_notice(node_actor to, uint64_t of, uint16_t number)
    : to_(std::move(to)), of_(of), number_(number) {}
  ~done_notice() { caf::anon_send(to_, done_atom_v, of_, number_); }
  done_notice(const done_notice&) = delete;
  done_notice& operator=(const done_notice&) = delete;

private:
  node_actor to_;
  uint64_t of_;
  uint16_t number_;
};

} // namespace

node_state::~node_state() {
  if (parts_.listener >= 0)
    ::close(parts_.listener);
}

void node_state::start(node_parts parts) {
  parts_ = std::move(parts);
}

node_broker::behavior_type node_state::make_behavior() {
  return {
    [this](run_atom) {
      if (parts_.listen)
        parts_.listen(*self_);
      else
        self_->add_doorman(std::exchange(parts_.listener, -1));
      tick();
    },
    [this](const caf::io::new_connection_msg& x) { accept(x.handle); },
    [this](const caf::io::new_data_msg& x) { take_data(x); },
    [this](const caf::io::connection_closed_msg& x) { closed(x.handle); },
    [](const caf::io::acceptor_closed_msg&) {
      log::error(name, "listens no more", "", "its socket is closed");
    },
    [this](done_atom, uint64_t id, uint16_t number) { take_done(id, number); },
    [this](letter_atom, uint64_t line, const shared_letter& what) { send(line, *what); },
    [this](tick_atom) { tick(); },
    [this](finish_atom) { return finish(); },
  };
}

void node_state::accept(handle from) {
  const auto strangers =
    std::ranges::count_if(peers_, [](const auto& each) { return each.second.of == 0; });
  auto& of = peers_[from];
  of.heard = of.said = self_->clock().now();
  if (parts_.self.keys != nullptr)
    of.talk = channel::accept(parts_.self.keys->now());
  if (finishing_ || peers_.size() > most_peers || static_cast<size_t>(strangers) >= most_strangers)
    return send_away(from, refusal::too_many_peers);
  read_on(from, of);
}

void node_state::read_on(handle from, const peer& of) {
  const auto [bytes, exactly] = of.talk.next_reading();
  self_->configure_read(from, exactly ? caf::io::receive_policy::exactly(bytes)
                                      : caf::io::receive_policy::at_most(bytes));
}

/// As messages name it.
std::string node_state::what_of(const session& of) {
  return (of.context.empty() ? "letters" : of.context) + " of " + of.node;
}

size_t node_state::longest_body(const peer& of) const noexcept {
  return of.of == 0 ? sizeof(hello_body) : std::max(longest_batch(), longest_letter());
}

void node_state::take_data(const caf::io::new_data_msg& data) {
  const auto at = peers_.find(data.handle);
  if (at == peers_.end() || finishing_)
    return;
  auto& of = at->second;
  of.talk.put(data.buf);
  for (;;) {
    auto& wire = self_->wr_buf(data.handle);
    const auto came = of.talk.next(longest_body(of), wire);
    if (!wire.empty())
      self_->flush(data.handle);
    if (const auto* wrong = std::get_if<refusal>(&came))
      return send_away(data.handle, *wrong);
    const auto* frame = std::get_if<whole_frame>(&came);
    if (frame == nullptr)
      return read_on(data.handle, of);
    of.heard = self_->clock().now(); // whole frames count, not bytes
    if (const auto wrong = take_frame(data.handle, of, frame->header, frame->body))
      return send_away(data.handle, *wrong);
    if (!peers_.contains(data.handle))
      return;
  }
}

std::optional<refusal> node_state::take_frame(handle from, peer& of, const frame_header& header,
                                              std::span<const char> body) {
  if ((of.of == 0) != (header.kind == frame_kind::hello))
    return refusal::out_of_turn;
  if (header.kind == frame_kind::hello)
    return take_hello(from, of, header, body);
  const uint64_t id = of.of;
  session& s = sessions_.at(id);
  if (header.kind == frame_kind::batch)
    return take_batch(s, id, header, body);
  if (!is_whole(header, body))
    return refusal::damaged;
  if (header.kind == frame_kind::letter || header.kind == frame_kind::receipt)
    return take_letter(from, of, header, body);
  if (header.length != 0)
    return refusal::out_of_turn;
  switch (header.kind) {
    case frame_kind::heartbeat:
      return std::nullopt;
    case frame_kind::mark:
      parts_.ports->mark(s.context, static_cast<int64_t>(header.value));
      return std::nullopt;
    case frame_kind::bye:
      log::info(name, "is done with", what_of(s));
      drop(from);
      forget(id);
      self_->close(from);
      return std::nullopt;
    default:
      return refusal::out_of_turn;
  }
}

std::optional<refusal> node_state::take_hello(handle from, peer& of, const frame_header& header,
                                              std::span<const char> body) {
  hello_body hello;
  if (body.size() != sizeof(hello))
    return body.size() > 4 ? refusal::other_version : refusal::bad_greeting;
  if (!is_whole(header, body))
    return refusal::damaged;
  std::memcpy(&hello, body.data(), sizeof(hello));
  if (hello.version != node_protocol_version)
    return refusal::other_version;
  const auto context = take_name(hello.context);
  const bool letters_alone = hello.lanes == 0 && hello.context[0] == 0;
  if (hello.incarnation == 0 || hello.lanes > most_lanes
      || (!letters_alone && (hello.lanes == 0 || context.empty())) || take_name(hello.node).empty())
    return refusal::bad_greeting;
  if (!of.talk.may_be(take_name(hello.node)))
    return refusal::other_certificate;
  if (hello.layout != layout_hash())
    return refusal::other_layout;
  if (hello.names != parts_.self.names)
    return refusal::other_names;
  if (take_name(hello.node) == parts_.self.name)
    return refusal::same_name;
  const auto credit = letters_alone ? std::optional<uint64_t>(1) // nothing needs it
                                    : parts_.ports->credit_of(context);
  if (!credit)
    return refusal::no_such_context;
  uint64_t id = 0;
  bool resumes = false;
  if (const auto wrong = find_session(hello, id, resumes))
    return wrong;
  session& s = sessions_.at(id);
  s.credit = *credit;
  s.connection = from;
  of.of = id;
  log::info(name, resumes ? "goes on with" : "links", what_of(s));
  welcome(from, s, resumes);
  if (letters_alone)
    of.mail.join(parts_.post, s.node, {},
                 [self = caf::actor_cast<node_broker>(self_)](uint64_t line, shared_letter what) {
                   caf::anon_send(self, letter_atom_v, line, std::move(what));
                 });
  return std::nullopt;
}

std::optional<refusal> node_state::take_letter(handle from, peer& of, const frame_header& header,
                                               std::span<const char> body) {
  const auto came = of.mail.take(header, body);
  if (const auto* wrong = std::get_if<refusal>(&came))
    return *wrong;
  if (const auto* serial = std::get_if<uint64_t>(&came)) {
    frame_header receipt;
    receipt.kind = frame_kind::receipt;
    receipt.serial = *serial;
    say(from, of, receipt);
  }
  return std::nullopt;
}

void node_state::send(uint64_t line, const letter& what) {
  const auto at =
    std::ranges::find_if(peers_, [&](const auto& each) { return each.second.mail.is(line); });
  if (at == peers_.end())
    return;
  auto& [to, of] = *at;
  of.talk.say(self_->wr_buf(to), [&](std::vector<char>& out) { of.mail.append(out, what); });
  self_->flush(to);
  of.said = self_->clock().now();
}

/// The session that the greeting means, or a new one. A connection that it had before is closed:
/// the same process comes again only when it has given that one up.
std::optional<refusal> node_state::find_session(const hello_body& hello, uint64_t& id,
                                                bool& resumes) {
  const auto node = take_name(hello.node);
  const auto context = take_name(hello.context);
  for (const auto& [known, s] : sessions_)
    if (s.node == node && s.incarnation != hello.incarnation && !s.connection.invalid())
      return refusal::same_name;
  std::erase_if(sessions_, [&](const auto& each) {
    return each.second.node == node && each.second.incarnation != hello.incarnation;
  });
  const auto at = std::ranges::find_if(sessions_, [&](const auto& each) { // letters need none
    return !context.empty() && each.second.node == node && each.second.context == context;
  });
  resumes = at != sessions_.end() && hello.known == parts_.self.incarnation
            && at->second.lanes.size() == hello.lanes;
  if (at != sessions_.end()) {
    if (const auto former = at->second.connection; !former.invalid()) {
      drop(former);
      self_->close(former);
    }
    id = at->first;
    if (resumes)
      return std::nullopt;
    sessions_.erase(at);
  }
  session fresh{node, context, hello.incarnation, {}, 0, 0, {}};
  id = next_session_++;
  auto& s = sessions_[id] = std::move(fresh);
  if (!context.empty())
    parts_.ports->begin(node, context);
  for (uint32_t i = 0; i < hello.lanes; ++i) {
    const auto slots = free_slots();
    if (!slots) {
      sessions_.erase(id);
      return refusal::too_many_lanes;
    }
    s.lanes.push_back({0, 0, 0, {}, *slots});
  }
  return std::nullopt;
}

/// Slots of flows are places in caches of scripts; flows of different lanes stay apart there.
std::optional<uint32_t> node_state::free_slots() {
  std::set<uint32_t> taken;
  for (const auto& [id, s] : sessions_)
    for (const auto& each : s.lanes)
      taken.insert(each.slots / slots_of_block);
  for (uint32_t block = first_block; block < blocks; ++block)
    if (!taken.contains(block))
      return block * slots_of_block;
  return std::nullopt;
}

void node_state::welcome(handle to, session& of, bool resumes) {
  welcome_body body;
  body.incarnation = parts_.self.incarnation;
  body.credit = static_cast<uint32_t>(of.credit);
  body.resumes = resumes;
  body.node = put_name(parts_.self.name);
  for (size_t i = 0; i < of.lanes.size(); ++i)
    body.received[i] = of.lanes[i].received;
  frame_header header;
  header.kind = frame_kind::welcome;
  const size_t length = welcome_head + of.lanes.size() * sizeof(uint64_t);
  auto& there = peers_.at(to);
  say(to, there, header, {reinterpret_cast<const char*>(&body), length});
  for (uint16_t i = 0; i < of.lanes.size(); ++i) { // what was done while nobody listened
    header.kind = frame_kind::ack;
    header.lane = i;
    header.serial = of.lanes[i].told = of.lanes[i].done;
    if (resumes)
      say(to, there, header);
  }
}

std::optional<refusal> node_state::take_batch(session& of, uint64_t id, const frame_header& header,
                                              std::span<const char> body) {
  if (header.lane >= of.lanes.size())
    return refusal::out_of_turn;
  auto& lane = of.lanes[header.lane];
  if (header.serial != lane.received)
    return header.serial < lane.received ? refusal::twice : refusal::gap;
  if (of.under_way != 0 && of.under_way >= of.credit)
    return refusal::over_credit;
  auto batch = read_batch(header, body, lane.slots);
  if (const auto* wrong = std::get_if<refusal>(&batch))
    return *wrong;
  auto& events = std::get<std::shared_ptr<const flow_batch>>(batch);
  const uint64_t weight = events->weight();
  const uint64_t size = events->size();
  lane.in_hand.emplace(lane.received, remote_lane::batch{weight, size});
  const auto notice =
    std::make_shared<done_notice>(caf::actor_cast<node_actor>(self_), id, header.lane);
  if (!parts_.ports->put(of.context, std::move(events), notice)) {
    of.incarnation = 0; // nothing can go on with it
    return refusal::no_such_context;
  }
  ++lane.received;
  of.under_way += weight;
  parts_.ports->note_came(of.node, of.context, size);
  return std::nullopt;
}

/// Batches of a lane are done in their order.
void node_state::take_done(uint64_t id, uint16_t number) {
  const auto at = sessions_.find(id);
  if (at != sessions_.end() && number < at->second.lanes.size()) {
    session& s = at->second;
    auto& lane = s.lanes[number];
    if (lane.done >= lane.received) // it was not taken
      return;
    const auto was = lane.in_hand[lane.done];
    s.under_way -= was.weight;
    lane.in_hand.erase(lane.done++);
    parts_.ports->note_done(s.node, s.context, was.size);
    if (lane.in_hand.empty() || lane.done - lane.told >= batches_of_ack)
      acknowledge(s, number);
  }
  end_if_done();
}

/// Tells how many batches of the lane are done, if that is news.
void node_state::acknowledge(session& of, uint16_t number) {
  auto& lane = of.lanes[number];
  const auto to = peers_.find(of.connection);
  if (to == peers_.end() || lane.told == lane.done)
    return;
  frame_header header;
  header.kind = frame_kind::ack;
  header.lane = number;
  header.serial = lane.told = lane.done;
  say(of.connection, to->second, header);
}

void node_state::say(handle to, peer& of, frame_header header, std::span<const char> body) {
  of.talk.say(self_->wr_buf(to), [&](std::vector<char>& out) { append_frame(out, header, body); });
  self_->flush(to);
  of.said = self_->clock().now();
}

/// Counts are exact; the log tells of the first, the second, the fourth, the eighth ...
void node_state::send_away(handle from, refusal why) {
  const uint64_t times = parts_.ports->refuse(why);
  std::string who = "a stranger";
  if (const auto at = peers_.find(from); at != peers_.end() && at->second.of != 0)
    who = sessions_.at(at->second.of).node;
  if (std::has_single_bit(times))
    log::warning(name, "refuses", who + " (" + to_string(why) + ", " + std::to_string(times) + ")",
                 sentence_of(why));
  if (why != refusal::too_many_peers && why != refusal::left && peers_.at(from).talk.stands()) {
    const std::string text = std::string(to_string(why)) + ": " + sentence_of(why);
    frame_header header;
    header.kind = frame_kind::refusal;
    say(from, peers_.at(from), header, text);
  }
  drop(from);
  self_->close(from);
}

/// A stranger that goes without a word is counted as well; so all that came are.
void node_state::closed(handle from) {
  const auto at = peers_.find(from);
  if (at != peers_.end() && at->second.of == 0 && !finishing_)
    return send_away(from, refusal::left);
  drop(from);
}

void node_state::drop(handle from) {
  const auto at = peers_.find(from);
  if (at == peers_.end())
    return;
  if (const auto s = sessions_.find(at->second.of);
      s != sessions_.end() && s->second.connection == from) {
    s->second.connection = {};
    log::info(name, "loses the connection of", what_of(s->second));
    if (s->second.context.empty()) // the post office goes on with it
      sessions_.erase(s);
  }
  peers_.erase(at);
}

void node_state::forget(uint64_t id) {
  sessions_.erase(id);
}

void node_state::tick() {
  if (ended_)
    return self_->quit();
  const auto now = self_->clock().now();
  std::vector<handle> silent;
  for (auto& [to, of] : peers_) {
    frame_header header;
    header.kind = frame_kind::heartbeat;
    if (now - of.heard >= parts_.self.timeout)
      silent.push_back(to);
    else if (of.of != 0 && now - of.said >= parts_.self.heartbeat / 2)
      say(to, of, header);
  }
  for (const auto& each : silent)
    if (!finishing_)
      send_away(each, refusal::silent);
  for (auto& [id, of] : sessions_)
    for (uint16_t i = 0; i < of.lanes.size(); ++i)
      acknowledge(of, i);
  const std::chrono::nanoseconds next = parts_.self.heartbeat / 4;
  self_->delayed_send(self_, next, tick_atom_v);
}

caf::result<bool> node_state::finish() {
  promise_ = self_->make_response_promise<bool>();
  finishing_ = true;
  end_if_done();
  return promise_;
}

void node_state::end_if_done() {
  const bool done =
    std::ranges::all_of(sessions_, [](const auto& each) { return each.second.under_way == 0; });
  if (!finishing_ || !done
      || std::exchange(ended_, true)) // it goes with its next tick, as links do
    return;
  for (const auto& [to, of] : peers_)
    self_->close(to);
  promise_.deliver(true);
}

node_broker::behavior_type node(node_state::pointer self, std::shared_ptr<node_parts> parts) {
  self->state.start(std::move(*parts));
  return self->state.make_behavior();
}

} // namespace flowactors
