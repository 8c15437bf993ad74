#include "actors/post_office.hpp"

#include "lua/packed_value.hpp"
#include "outputs/record_lines.hpp"

#include <algorithm>
#include <utility>

namespace flowactors {

namespace {

/// What other nodes call an output, so that it is no context.
std::string name_of_output(const std::string& output) {
  return "output:" + output;
}

constexpr size_t longest_told = longest_name + 7;

uint64_t lines_in(std::string_view text) {
  return static_cast<uint64_t>(std::ranges::count(text, '\n'));
}

} // namespace

const char* to_string(post_loss reason) noexcept {
  switch (reason) {
#define X(name, text)   \
  case post_loss::name: \
    return #name;
    FLOWACTORS_POST_LOSSES(X)
#undef X
  }
  return "?";
}

// -- boxes ----------------------------------------------------------------------------------------

post_box::post_box(std::shared_ptr<post_office> of, std::string context)
  : of_(std::move(of)), context_(std::move(context)) {}

post_box::~post_box() {
  of_->close(*this);
}

bool post_box::knows(std::string_view context) const noexcept {
  return of_->knows(context);
}

bool post_box::send(std::string_view context, std::string_view value) noexcept {
  return of_->send(*this, context, value);
}

bool post_box::take(std::string& value) noexcept {
  return of_->take(*this, value);
}

void post_box::attach(std::function<void()> wake) {
  const std::lock_guard lock(of_->mutex_);
  wake_ = std::move(wake);
  if (wake_ && !waiting_.empty())
    wake_();
}

std::shared_ptr<post_box> post_office::open(const std::string& context) {
  auto out = std::make_shared<post_box>(shared_from_this(), context);
  const std::lock_guard lock(mutex_);
  const bool first = !boxes_.contains(context);
  boxes_.emplace(context, out.get());
  known_.insert(context);
  if (first)
    tell({context}, {});
  return out;
}

void post_office::close(post_box& of) {
  const std::lock_guard lock(mutex_);
  books_.messages.lose(post_loss::with_vm, of.waiting_.size());
  books_.messages.waiting -= of.waiting_.size();
  std::erase_if(boxes_, [&](const auto& each) { return each.second == &of; });
}

void post_office::introduce(const std::string& context) {
  const std::lock_guard lock(mutex_);
  known_.insert(context);
}

bool post_office::knows(std::string_view context) const {
  const std::lock_guard lock(mutex_);
  return known_.contains(context) || std::ranges::any_of(heard_, [&](const auto& each) {
           return each.second.contains(context);
         });
}

bool post_office::take(post_box& of, std::string& value) {
  const std::lock_guard lock(mutex_);
  if (of.waiting_.empty())
    return false;
  value = std::move(of.waiting_.front());
  of.waiting_.pop_front();
  of.bytes_ -= value.size();
  of.waits_.store(!of.waiting_.empty(), std::memory_order_relaxed);
  ++books_.messages.taken;
  --books_.messages.waiting;
  return true;
}

// -- messages -------------------------------------------------------------------------------------

bool post_office::send(const post_box& from, std::string_view context, std::string_view value) {
  letter what{letter_kind::message, most_hops,         0, incarnation_, 0,
              std::string(context), std::string(value)};
  const std::lock_guard lock(mutex_);
  what.serial = next_serial_++;
  auto& books = books_.messages;
  const uint64_t before = books.copies;
  const uint64_t taken = deliver(what.name, what.body, &from) + pass_on(what, {});
  if (books.copies == before && from.context_ != context) { // a context that is not there now
    ++books.copies;
    books.lose(post_loss::unreachable);
  }
  return taken != 0;
}

/// To the VMs here; gives how many have room for it.
uint64_t post_office::deliver(const std::string& context, const std::string& value,
                              const post_box* but) {
  uint64_t taken = 0;
  auto& books = books_.messages;
  const auto [first, last] = boxes_.equal_range(context);
  for (auto at = first; at != last; ++at) {
    post_box& to = *at->second;
    if (&to == but)
      continue;
    ++books.copies;
    if (to.waiting_.size() >= post_box::most_waiting || to.bytes_ >= post_box::most_waiting_bytes) {
      books.lose(post_loss::queue_full);
      continue;
    }
    to.waiting_.push_back(value);
    to.bytes_ += value.size();
    to.waits_.store(true, std::memory_order_relaxed);
    ++books.waiting;
    ++taken;
    if (to.waiting_.size() == 1 && to.wake_)
      to.wake_();
  }
  return taken;
}

/// To nodes where the context runs, or behind which it does; likewise.
uint64_t post_office::pass_on(const letter& what, const std::string& but) {
  uint64_t taken = 0;
  auto& books = books_.messages;
  shared_letter copy;
  forget_absent(clock::now());
  for (const auto& [node, contexts] : heard_) {
    if (node == but || !contexts.contains(what.name))
      continue;
    line* const to = line_to(node);
    auto& way = to != nullptr ? to->under_way : absent_[node].kept;
    ++books.copies;
    if (what.hops == 0 || !way.has_room()) {
      books.lose(what.hops == 0 ? post_loss::too_far : post_loss::queue_full);
      continue;
    }
    if (copy == nullptr) {
      auto made = std::make_shared<letter>(what);
      --made->hops;
      copy = std::move(made);
    }
    ++books.waiting;
    ++taken;
    if (to != nullptr)
      put(*to, flight{0, copy, 1});
    else
      way.push({0, copy, 1});
  }
  return taken;
}

void post_office::put(line& to, shared_letter what) {
  ++to.sent;
  to.send(std::move(what));
}

void post_office::put(line& to, flight what) {
  what.number = to.sent;
  to.under_way.push(what);
  put(to, std::move(what.what));
}

/// The newest connection to a node: one before it may be dead, and nobody knows yet.
post_office::line* post_office::line_to(const std::string& node) {
  for (auto at = lines_.rbegin(); at != lines_.rend(); ++at)
    if (at->second.node == node)
      return &at->second;
  return nullptr;
}

// -- records --------------------------------------------------------------------------------------

void post_office::set_outlets(std::map<std::string, outlet> outlets) {
  const std::lock_guard lock(mutex_);
  std::set<std::string> fresh;
  for (const auto& [name, each] : outlets)
    if (!outlets_.contains(name))
      fresh.insert(name_of_output(name));
  outlets_ = std::move(outlets);
  tell(fresh, {});
}

const post_office::line* post_office::line_at(const std::string& place) const {
  for (const auto& [id, each] : lines_)
    if (each.place == place)
      return &each;
  return nullptr;
}

result<void> post_office::reaches(const std::string& place, const std::string& output) const {
  const std::lock_guard lock(mutex_);
  const auto* const to = line_at(place);
  if (to == nullptr)
    return error{ec::not_found, "the node at " + place + " can't be reached"};
  const auto names = heard_.find(to->node);
  if (names == heard_.end() || !names->second.contains(name_of_output(output)))
    return error{ec::not_found, "the node " + to->node + " has no output '" + output + "'"};
  return {};
}

post_office::handed post_office::send_records(const std::string& place, const std::string& output,
                                              std::string_view lines) {
  auto what = std::make_shared<letter>(
    letter{letter_kind::records, most_hops, 0, incarnation_, 0, output, std::string(lines)});
  const uint64_t units = lines_in(lines);
  const std::lock_guard lock(mutex_);
  auto* const to = const_cast<line*>(line_at(place));
  if (to == nullptr)
    return handed::away;
  if (!to->under_way.has_room())
    return handed::busy;
  what->serial = next_serial_++;
  books_.records.copies += units;
  books_.records.waiting += units;
  put(*to, flight{0, std::move(what), units});
  return handed::took;
}

void post_office::wait_for_room(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  room_.wait_for(lock, at_most);
}

/// The outlet is called with nothing locked: it has a queue of its own to wait for.
void post_office::take_records(letter what, errands& later) {
  const uint64_t units = lines_in(what.body);
  auto& books = books_.records;
  books.copies += units;
  const auto to = outlets_.find(what.name);
  if (to == outlets_.end()) {
    books.lose(post_loss::unreachable, units);
    return;
  }
  books.taken += units;
  later.push_back([give = to->second, lines = std::move(what.body)] { give(lines); });
}

// -- connections ----------------------------------------------------------------------------------

post_office::peer_id post_office::join(const std::string& node, const std::string& place,
                                       sender send) {
  const std::lock_guard lock(mutex_);
  const peer_id out = next_peer_++;
  auto& made = lines_.emplace(out, line{node, place, std::move(send), 0, 0, {}}).first->second;
  tell_all(node);
  forget_absent(clock::now());
  put_kept(made);
  return out;
}

/// What was kept for the node of this line.
void post_office::put_kept(line& to) {
  if (const auto was = absent_.find(to.node); was != absent_.end()) {
    while (!was->second.kept.all.empty())
      put(to, was->second.kept.pop());
    absent_.erase(was);
  }
}

void post_office::leave(peer_id who) {
  neighbour gone;
  clerk told;
  {
    const std::lock_guard lock(mutex_);
    const auto at = lines_.find(who);
    if (at == lines_.end())
      return;
    gone = {at->second.node, who};
    auto under_way = std::move(at->second.under_way);
    lines_.erase(at);
    line* const other = line_to(gone.node);
    auto& kept = other != nullptr ? other->under_way : absent_[gone.node].kept;
    while (!under_way.all.empty()) // it had room on its line; for a moment both together may
      other != nullptr ? put(*other, under_way.pop()) : kept.push(under_way.pop());
    if (other == nullptr)
      absent_[gone.node].since = clock::now();
    told = clerk_;
    room_.notify_all();
  }
  if (told)
    told(gone, nullptr);
}

/// Those that were away for too long are forgotten, and lose what was kept for them.
void post_office::forget_absent(clock::time_point now) {
  for (auto at = absent_.begin(); at != absent_.end();) {
    if (now - at->second.since < keep_) {
      ++at;
      continue;
    }
    lose(at->second.kept);
    heard_.erase(at->first);
    at = absent_.erase(at);
  }
}

post_account& post_office::books_of(const letter& what) noexcept {
  return what.kind == letter_kind::records ? books_.records : books_.messages;
}

void post_office::lose(flights& what) {
  while (!what.all.empty()) {
    const auto gone = what.pop();
    auto& books = books_of(*gone.what);
    books.lose(post_loss::unreachable, gone.units);
    books.waiting -= gone.units;
  }
}

/// What runs here, or behind others; not what only those know to whom it is said.
void post_office::tell_all(const std::string& to) {
  std::set<std::string> names;
  for (const auto& [context, box] : boxes_)
    names.insert(context);
  for (const auto& [output, each] : outlets_)
    names.insert(name_of_output(output));
  for (const auto& [other, theirs] : heard_)
    if (other != to)
      std::ranges::copy_if(theirs, std::inserter(names, names.end()),
                           [](const std::string& each) { return each.find(':') == each.npos; });
  letter what{letter_kind::names, 0, 0, incarnation_, next_serial_++, {}, {}};
  for (const auto& each : names)
    if (what.body.size() + each.size() < longest_body_of(letter_kind::names))
      what.body += each + "\n";
  put(*line_to(to), std::make_shared<letter>(std::move(what)));
}

/// These are new.
void post_office::tell(const std::set<std::string>& names, const std::string& but) {
  if (names.empty())
    return;
  letter what{letter_kind::names, 0, 0, incarnation_, next_serial_++, {}, {}};
  for (const auto& each : names)
    what.body += each + "\n";
  const auto shared = std::make_shared<letter>(std::move(what));
  std::set<std::string> told{but};
  for (auto& [id, each] : lines_)
    if (told.insert(each.node).second)
      put(each, shared);
}

/// Names stay until their node is gone: whether one still runs there, the node itself finds out.
void post_office::take_names(const std::string& node, const std::string& list) {
  auto& names = heard_[node];
  std::set<std::string> fresh;
  for (size_t begin = 0, end = 0; (end = list.find('\n', begin)) != list.npos; begin = end + 1) {
    auto each = list.substr(begin, end - begin);
    const bool fits = !each.empty() && each.size() <= longest_told && names.size() < most_names;
    if (fits && names.insert(each).second && each.find(':') == each.npos)
      fresh.insert(std::move(each));
  }
  tell(fresh, node);
}

bool post_office::is_new(uint64_t origin, uint64_t serial) {
  if (origin == incarnation_)
    return false;
  const auto [at, fresh] = windows_.try_emplace(origin);
  if (!fresh)
    return at->second.take(serial);
  origins_.push_back(origin);
  const bool out = at->second.take(serial);
  if (origins_.size() > most_origins) {
    windows_.erase(origins_.front());
    origins_.pop_front();
  }
  return out;
}

void post_office::take(peer_id from, letter what) {
  const bool is_post = what.kind == letter_kind::message || what.kind == letter_kind::records;
  const uint64_t units = what.kind == letter_kind::records ? lines_in(what.body) : 1;
  const bool sane = what.kind == letter_kind::message   ? is_packed_value(what.body)
                    : what.kind == letter_kind::records ? are_record_lines(what.body)
                                                        : true;
  errands later;
  {
    const std::lock_guard lock(mutex_);
    const auto at = lines_.find(from);
    if (at == lines_.end())
      return;
    const std::string node = at->second.node;
    auto& books = books_of(what);
    if (is_post) {
      books.come += units;
      if (!is_new(what.origin, what.serial)) {
        books.again += units;
        return;
      }
      if (!sane) {
        const uint64_t lost = std::max<uint64_t>(units, 1);
        books.copies += lost;
        books.lose(post_loss::damaged, lost);
        return;
      }
    }
    switch (what.kind) {
      case letter_kind::message:
        take_message(node, what);
        break;
      case letter_kind::records:
        take_records(std::move(what), later);
        break;
      case letter_kind::names:
        take_names(node, what.body);
        break;
      case letter_kind::request:
      case letter_kind::answer:
        hand_to_clerk({node, from}, std::move(what), later);
        break;
    }
  }
  for (const auto& each : later)
    each();
}

void post_office::take_message(const std::string& node, const letter& what) {
  auto& books = books_.messages;
  const uint64_t before = books.copies;
  deliver(what.name, what.body, nullptr);
  pass_on(what, node);
  if (books.copies == before) { // it has gone from here
    ++books.copies;
    books.lose(post_loss::unreachable);
  }
}

void post_office::receipt(peer_id from, uint64_t letters) {
  const std::lock_guard lock(mutex_);
  const auto at = lines_.find(from);
  if (at == lines_.end())
    return;
  auto& of = at->second;
  of.come = std::clamp(letters, of.come, of.sent);
  while (!of.under_way.all.empty() && of.under_way.all.front().number < of.come) {
    const auto done = of.under_way.pop();
    auto& books = books_of(*done.what);
    books.passed_on += done.units;
    books.waiting -= done.units;
  }
  room_.notify_all();
}

// -- what asks all nodes --------------------------------------------------------------------------

void post_office::appoint(clerk who) {
  const std::lock_guard lock(mutex_);
  clerk_ = std::move(who);
}

/// The clerk's mailbox knows no bound, so it is here.
void post_office::hand_to_clerk(const neighbour& from, letter what, errands& later) {
  if (!clerk_)
    return;
  if (*unread_ >= most_unread) {
    ++books_.unheard;
    return;
  }
  ++*unread_;
  const shared_letter counted(new letter(std::move(what)), [unread = unread_](const letter* gone) {
    delete gone;
    --*unread;
  });
  later.push_back([who = clerk_, from, counted] { who(from, counted); });
}

std::vector<post_office::neighbour> post_office::neighbours() const {
  const std::lock_guard lock(mutex_);
  std::vector<neighbour> out;
  for (auto at = lines_.rbegin(); at != lines_.rend(); ++at)
    if (std::ranges::find(out, at->second.node, &neighbour::node) == out.end())
      out.push_back({at->second.node, at->first});
  return out;
}

uint64_t post_office::next_serial() {
  const std::lock_guard lock(mutex_);
  return next_serial_++;
}

void post_office::send(peer_id to, letter what) {
  const std::lock_guard lock(mutex_);
  if (const auto at = lines_.find(to); at != lines_.end())
    put(at->second, std::make_shared<letter>(std::move(what)));
}

// -- the books ------------------------------------------------------------------------------------

void post_office::close() {
  const std::lock_guard lock(mutex_);
  for (auto& [id, each] : lines_)
    lose(each.under_way);
  for (auto& [node, was] : absent_)
    lose(was.kept);
}

post_accounts post_office::accounts() {
  const std::lock_guard lock(mutex_);
  forget_absent(clock::now());
  return books_;
}

} // namespace flowactors
