#include "actors/link.hpp"

#include "actors/log.hpp"
#include "nodes/batch_codec.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

namespace flowactors {

namespace {

constexpr auto shortest_pause = std::chrono::milliseconds(100);
constexpr auto longest_pause = std::chrono::seconds(5);

/// The pause after so many failures: twice as long each time, and up to half of it off, so that
/// nodes that were cut off together don't come back together.
std::chrono::milliseconds pause_after(uint32_t failures) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const auto whole = std::min<std::chrono::milliseconds>(
    shortest_pause * (1u << std::min(failures, 10u)), longest_pause);
  return whole - whole * (random() % 512) / 1024;
}

/// Dials in a thread of its own: connecting may take its time, and nobody else waits for it.
void dialer(caf::event_based_actor* self, const link_actor& boss, const endpoint& to,
            std::chrono::milliseconds at_most) {
  const auto fd = dial(to, at_most);
  self->send(boss, dialed_atom_v, fd ? fd.value() : -1, fd ? std::string() : fd.failure().what);
}

template <class T>
std::span<const char> bytes_of(const T& body) {
  return {reinterpret_cast<const char*>(&body), sizeof(body)};
}

} // namespace

/// As with a context: the books outlive the actor.
link_state::~link_state() {
  if (parts_.last != nullptr && !ended_)
    parts_.last->books = snapshot();
}

void link_state::start(link_parts parts) {
  parts_ = std::move(parts);
  books_.at = to_string(parts_.to);
  for (const auto& each : parts_.lanes)
    senders_.push_back({each, {}, 0, each->counters().delivered, 0});
}

link_actor::behavior_type link_state::make_behavior() {
  return {
    [this](run_atom) { run(); },
    [this](work_atom) { pump(); },
    [this](poll_atom) { pump(); },
    [this](snapshot_atom) { return snapshot(); },
    [this](retire_atom) { return retire(); },
    [this](finish_atom) { return finish(); },
    [this](const caf::io::new_data_msg& data) { take_data(data); },
    [this](const caf::io::connection_closed_msg&) { closed(); },
    [this](dialed_atom, int fd, const std::string& why) { take_dialed(fd, why); },
    [this](letter_atom, uint64_t line, const shared_letter& what) { send(line, *what); },
    [this](tick_atom) { tick(); },
  };
}

void link_state::run() {
  for (const auto& each : parts_.lanes)
    each->attach(
      [self = caf::actor_cast<context_actor>(self_)] { caf::anon_send(self, work_atom_v); });
  lost_since_ = self_->clock().now();
  dial_now();
  tick();
}

// -- the connection -------------------------------------------------------------------------------

void link_state::dial_now() {
  phase_ = phase::connecting;
  if (parts_.dial) {
    const auto made = parts_.dial(*self_);
    return made ? greet(*made) : lose("nobody listens there");
  }
  const auto at_most = std::chrono::duration_cast<std::chrono::milliseconds>(parts_.self.timeout);
  self_->spawn<caf::detached>(dialer, caf::actor_cast<link_actor>(self_), parts_.to, at_most);
}

void link_state::take_dialed(int fd, const std::string& why) {
  if (fd < 0)
    return lose(why);
  if (ended_ || phase_ != phase::connecting) {
    ::close(fd);
    return;
  }
  greet(self_->add_scribe(fd));
}

void link_state::greet(caf::io::connection_handle over) {
  connection_ = over;
  talk_ = parts_.self.keys == nullptr
            ? channel()
            : channel::call(parts_.self.keys->now(), parts_.to.host, self_->wr_buf(connection_));
  phase_ = phase::shaking_hands;
  heard_ = self_->clock().now();
  read_on();
  hello_body hello;
  hello.version = node_protocol_version;
  hello.lanes = static_cast<uint16_t>(senders_.size());
  hello.layout = layout_hash();
  hello.names = parts_.self.names;
  hello.incarnation = parts_.self.incarnation;
  hello.known = known_;
  hello.node = put_name(parts_.self.name);
  hello.context = put_name(parts_.context);
  say(frame_kind::hello, bytes_of(hello));
}

void link_state::read_on() {
  const auto [bytes, exactly] = talk_.next_reading();
  self_->configure_read(connection_, exactly ? caf::io::receive_policy::exactly(bytes)
                                             : caf::io::receive_policy::at_most(bytes));
}

void link_state::take_data(const caf::io::new_data_msg& data) {
  if (data.handle != connection_ || ended_)
    return;
  talk_.put(data.buf);
  for (;;) {
    auto& wire = self_->wr_buf(connection_);
    const auto came = talk_.next(longest_letter(), wire);
    if (!wire.empty())
      self_->flush(connection_);
    if (const auto* wrong = std::get_if<refusal>(&came))
      return lose(trouble_of(*wrong));
    const auto* frame = std::get_if<whole_frame>(&came);
    if (frame == nullptr)
      return read_on();
    if (!is_whole(frame->header, frame->body))
      return lose(sentence_of(refusal::damaged));
    heard_ = self_->clock().now();
    if (!take_frame(frame->header, frame->body))
      return;
  }
}

/// What is wrong, and what the TLS library says of it.
std::string link_state::trouble_of(refusal wrong) const {
  const auto more = talk_.trouble();
  return sentence_of(wrong) + (more.empty() ? "" : " (" + more + ")");
}

/// False if the connection is over.
bool link_state::take_frame(const frame_header& header, std::span<const char> body) {
  if (header.kind == frame_kind::refusal) {
    take_refusal(body);
    return false;
  }
  if (header.kind == frame_kind::heartbeat && header.length == 0)
    return true;
  if (header.kind == frame_kind::welcome && phase_ == phase::shaking_hands)
    return take_welcome(body);
  if (header.kind == frame_kind::ack && header.length == 0 && phase_ == phase::running)
    return take_ack(header);
  return take_letter(header, body);
}

bool link_state::take_letter(const frame_header& header, std::span<const char> body) {
  const auto came = mail_.take(header, body);
  if (const auto* wrong = std::get_if<refusal>(&came)) {
    lose(sentence_of(*wrong));
    return false;
  }
  if (const auto* serial = std::get_if<uint64_t>(&came)) {
    say(frame_kind::receipt, {}, *serial);
    return true;
  }
  if (senders_.empty()) { // no batch will tell that it goes on
    failures_ = 0;
    told_.clear();
  }
  if (finishing_)
    pump();
  return true;
}

void link_state::send(uint64_t line, const letter& what) {
  if (!mail_.is(line) || phase_ != phase::running)
    return;
  talk_.say(self_->wr_buf(connection_), [&](std::vector<char>& out) { mail_.append(out, what); });
  spoke();
}

void link_state::take_refusal(std::span<const char> body) {
  std::string why = "is refused: ";
  for (const char c : body.first(std::min<size_t>(body.size(), 256)))
    why += c >= ' ' && c < 127 ? c : '?';
  lose(why);
}

bool link_state::take_welcome(std::span<const char> body) {
  welcome_body welcome;
  const size_t expected = welcome_head + senders_.size() * sizeof(uint64_t);
  if (body.size() != expected) {
    lose(sentence_of(refusal::bad_greeting));
    return false;
  }
  std::memcpy(static_cast<void*>(&welcome), body.data(), expected);
  bool sane = welcome.incarnation != 0 && welcome.credit != 0
              && (welcome.resumes == 0 || welcome.incarnation == known_);
  for (size_t i = 0; i < senders_.size() && welcome.resumes != 0; ++i)
    sane = sane && welcome.received[i] >= senders_[i].done
           && welcome.received[i] <= senders_[i].done + senders_[i].in_hand.size();
  if (!sane || welcome.incarnation == parts_.self.incarnation) {
    lose(sentence_of(refusal::bad_greeting));
    return false;
  }
  peer_ = take_name(welcome.node);
  known_ = welcome.incarnation;
  credit_ = welcome.credit;
  phase_ = phase::running;
  books_.node = peer_;
  ++books_.connections;
  log::info(name, parts_.context.empty() ? "brings" : "runs",
            what_for() + (parts_.context.empty() ? " to " : " on ") + peer_, to_string(parts_.to));
  if (welcome.resumes == 0)
    begin_anew();
  else
    resume(welcome);
  if (std::exchange(missing_, false))
    for (const auto& each : senders_)
      if (each.from->closed() == lane_loss::unreachable)
        each.from->open(each.from->options());
  if (parts_.nodes != nullptr)
    parts_.nodes->set_up(parts_.place, true);
  mail_.join(parts_.post, peer_, to_string(parts_.to),
             [self = caf::actor_cast<link_actor>(self_)](uint64_t line, shared_letter what) {
               caf::anon_send(self, letter_atom_v, line, std::move(what));
             });
  pump();
  return phase_ == phase::running;
}

/// Another process is there: what the one before had in hand, nobody knows.
void link_state::begin_anew() {
  uint64_t lost = 0;
  for (auto& each : senders_) {
    for (const auto& what : each.in_hand)
      lost += what.batch->size();
    each.from->forfeit();
    each.in_hand.clear();
    each.done = 0;
  }
  under_way_ = 0;
  books_.sent = books_.done = 0;
  if (lost != 0)
    log::warning(name, "loses", std::to_string(lost) + " events",
                 parts_.context + " on " + peer_ + " began anew while it had them in hand");
}

/// Sends again what did not come.
void link_state::resume(const welcome_body& welcome) {
  for (size_t i = 0; i < senders_.size(); ++i) {
    auto& each = senders_[i];
    for (uint64_t serial = welcome.received[i]; serial < each.done + each.in_hand.size();
         ++serial) {
      send(static_cast<uint16_t>(i), serial, each.in_hand[serial - each.done]);
      ++books_.resent;
    }
  }
}

bool link_state::take_ack(const frame_header& header) {
  if (header.lane >= senders_.size()
      || header.serial > senders_[header.lane].done + senders_[header.lane].in_hand.size()) {
    lose(sentence_of(refusal::out_of_turn));
    return false;
  }
  auto& of = senders_[header.lane];
  if (of.done < header.serial)
    failures_ = 0; // a greeting alone is no progress
  if (failures_ == 0)
    told_.clear();
  const auto now = self_->clock().now();
  for (; of.done < header.serial; ++of.done) {
    books_.trips.add(now - of.in_hand.front().sent);
    under_way_ -= of.in_hand.front().batch->weight();
    books_.done += of.in_hand.front().batch->size();
    of.in_hand.pop_front();
    of.from->settle();
  }
  pump();
  return !ended_ && phase_ == phase::running;
}

void link_state::closed() {
  connection_ = {};
  if (phase_ == phase::leaving)
    return end();
  const bool asks = phase_ == phase::shaking_hands && !talk_.is_sealed();
  lose(std::string("the other end closes the connection")
       + (asks ? "; does it ask for certificates?" : ""));
}

void link_state::lose(const std::string& why) {
  if (ended_)
    return;
  if (!connection_.invalid())
    self_->close(std::exchange(connection_, {}));
  mail_.leave();
  const auto now = self_->clock().now();
  if (phase_ == phase::running)
    lost_since_ = now;
  phase_ = phase::unconnected;
  const auto pause = pause_after(failures_++);
  retry_at_ = now + pause;
  books_.trouble = why;
  if (told_ != why && !parts_.quiet) // not each time
    log::warning(name, "is lost", what_for() + " at " + to_string(parts_.to), why);
  told_ = why;
}

void link_state::tick() {
  if (ended_)
    return self_->quit();
  const auto now = self_->clock().now();
  const bool connected = !connection_.invalid();
  if (connected && now - heard_ >= parts_.self.timeout) {
    if (phase_ == phase::leaving)
      end();
    else
      lose("nothing comes for " + std::to_string(parts_.self.timeout.count() / 1'000'000) + " ms");
  } else if (connected && now - said_ >= parts_.self.heartbeat / 2) {
    say(frame_kind::heartbeat);
  }
  if (phase_ == phase::unconnected && now >= retry_at_ && !ended_)
    dial_now();
  if (phase_ != phase::running && phase_ != phase::leaving)
    go_missing();
  const auto next = std::min<std::chrono::nanoseconds>(parts_.self.heartbeat / 4, shortest_pause);
  self_->delayed_send(self_, next, tick_atom_v);
}

/// Gives the share to others if it is time, and nothing a chance if time is over.
void link_state::go_missing() {
  if (!missing_ && parts_.nodes != nullptr && is_late()
      && parts_.nodes->set_up(parts_.place, false)) {
    missing_ = true;
    log::warning(name, "is missing", what_for() + " at " + to_string(parts_.to),
                 "others take its share");
  }
  if (missing_)
    for (const auto& each : senders_)
      if (!each.from->closed())
        each.from->close(lane_loss::unreachable);
  if (!finishing_ || !given_up())
    return;
  for (auto& each : senders_) {
    each.from->forfeit();
    each.in_hand.clear();
  }
  end();
}

/// The other node has been away for longer than its time.
bool link_state::is_late() const {
  return self_->clock().now() - lost_since_ >= parts_.self.timeout;
}

/// As messages name it.
std::string link_state::what_for() const {
  return parts_.context.empty() ? "letters" : parts_.context;
}

/// What can't be delivered any more needs nobody to wait.
bool link_state::given_up() const {
  if (senders_.empty())
    return is_late();
  return std::ranges::all_of(senders_,
                             [](const sender& each) { return each.from->closed().has_value(); });
}

void link_state::say(frame_kind kind, std::span<const char> body, uint64_t serial) {
  frame_header header;
  header.kind = kind;
  header.serial = serial;
  talk_.say(self_->wr_buf(connection_),
            [&](std::vector<char>& out) { append_frame(out, header, body); });
  spoke();
}

void link_state::spoke() {
  self_->flush(connection_);
  said_ = self_->clock().now();
}

// -- the lanes ------------------------------------------------------------------------------------

/// Sends as much as there is credit for, the lanes by turns.
void link_state::pump() {
  if (phase_ != phase::running)
    return;
  size_t idle = 0;
  while (idle < senders_.size() && (under_way_ == 0 || under_way_ < credit_)) {
    idle = send_next(senders_[turn_]) ? 0 : idle + 1;
    turn_ = (turn_ + 1) % senders_.size();
  }
  if (idle == senders_.size())
    end_if_done();
}

bool link_state::send_next(sender& of) {
  auto next = of.from->take();
  if (!next) {
    send_mark(of, static_cast<uint16_t>(&of - senders_.data()));
    return false;
  }
  counted_.skipped += next->first > of.expected ? next->first - of.expected : 0;
  counted_.doubled += next->first < of.expected ? of.expected - next->first : 0;
  of.expected = next->first + next->batch->size();
  add(counted_.taken, next->batch->kinds());
  add(counted_.scripts.handled, next->batch->kinds());
  ++counted_.batches;
  under_way_ += next->batch->weight();
  books_.sent += next->batch->size();
  const uint64_t serial = of.done + of.in_hand.size();
  of.in_hand.push_back({next->first, std::move(next->batch), {}});
  send(static_cast<uint16_t>(&of - senders_.data()), serial, of.in_hand.back());
  return true;
}

void link_state::send(uint16_t lane_number, uint64_t serial, flight& what) {
  frame_header header;
  header.lane = lane_number;
  header.serial = serial;
  header.value = what.first;
  talk_.say(self_->wr_buf(connection_), [&](std::vector<char>& out) {
    const size_t before = out.size();
    append_batch(out, *what.batch, header);
    books_.bytes += out.size() - before;
  });
  ++books_.batches;
  spoke();
  what.sent = said_;
}

void link_state::send_mark(sender& of, uint16_t lane_number) {
  const int64_t now_ns = of.from->marked_ns();
  if (now_ns == 0 || now_ns == std::exchange(of.marked_ns, now_ns))
    return;
  frame_header header;
  header.kind = frame_kind::mark;
  header.lane = lane_number;
  header.value = static_cast<uint64_t>(now_ns);
  talk_.say(self_->wr_buf(connection_), [&](std::vector<char>& out) { append_frame(out, header); });
  spoke();
}

// -- the end --------------------------------------------------------------------------------------

caf::result<context_snapshot> link_state::finish() {
  promise_ = self_->make_response_promise<context_snapshot>();
  finishing_ = true;
  pump();
  return promise_;
}

void link_state::end_if_done() {
  if (!finishing_ || phase_ != phase::running || under_way_ != 0 || !mail_.rests())
    return;
  phase_ = phase::leaving;
  say(frame_kind::bye); // whoever gets it closes the connection
}

/// The actor itself ends with its next tick: one that is still on its way when the middleman stops
/// would keep both for ever.
void link_state::end() {
  if (std::exchange(ended_, true))
    return;
  mail_.leave();
  if (!connection_.invalid())
    self_->close(std::exchange(connection_, {}));
  for (const auto& each : parts_.lanes)
    each->detach();
  parts_.last = nullptr;
  if (finishing_)
    promise_.deliver(snapshot());
}

/// A successor would begin anew.
context_end link_state::retire() {
  context_end out;
  for (auto& each : senders_)
    each.from->forfeit();
  out.books = snapshot();
  end();
  return out;
}

context_snapshot link_state::snapshot() const {
  auto out = counted_;
  out.links.push_back(books_);
  out.links.back().state = ended_                                                    ? "ended"
                           : missing_                                                ? "missing"
                           : phase_ == phase::running || phase_ == phase::leaving    ? "running"
                           : books_.connections != 0 || phase_ == phase::unconnected ? "lost"
                                                                                     : "connecting";
  return out;
}

link_actor::behavior_type link(link_state::pointer self, std::shared_ptr<link_parts> parts) {
  self->state.start(std::move(*parts));
  return self->state.make_behavior();
}

} // namespace flowactors
