#include "lua/value_store.hpp"

#include <algorithm>
#include <chrono>

namespace flowactors {

namespace {

/// Glob matching without recursion: of two `*` only the last one is ever gone back to. Takes its
/// steps from `left`; what is found when none are left says nothing.
bool is_like(std::string_view text, std::string_view pattern, uint64_t& left) noexcept {
  size_t t = 0, p = 0, star = pattern.npos, retry = 0;
  while (t < text.size() && left != 0) {
    --left;
    if (p < pattern.size() && pattern[p] == '*') {
      if (p + 1 == pattern.size())
        return true;
      star = p++;
      retry = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

/// What is left of the bounds of an answer.
class answer_room {
public:
  explicit answer_room(const answer_limits& most) noexcept
    : items_(most.items), bytes_(most.bytes) {}
  bool take(size_t bytes) noexcept {
    if (items_ == 0 || bytes > bytes_)
      return false;
    --items_;
    bytes_ -= bytes;
    return true;
  }

private:
  size_t items_;
  size_t bytes_;
};

size_t bytes_of(const std::string& text) noexcept {
  return text.size();
}
size_t bytes_of(const std::pair<const std::string, std::string>& entry) noexcept {
  return entry.first.size() + entry.second.size();
}

// Copies a range if there is room for it.
template <class Iterator, class Out>
value_store::answer copy_range(Iterator begin, Iterator end, Out& out, const answer_limits& most) {
  out.clear();
  answer_room room{most};
  for (auto at = begin; at != end; ++at)
    if (!room.take(bytes_of(*at)))
      return value_store::answer::too_large;
  out.assign(begin, end);
  return value_store::answer::given;
}

} // namespace

int64_t value_store::wall_clock() noexcept {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

size_t value_store::entries() const {
  const std::lock_guard guard(mutex_);
  return entries_;
}

size_t value_store::bytes() const {
  const std::lock_guard guard(mutex_);
  return bytes_;
}

// -- texts ----------------------------------------------------------------------------------------

bool value_store::get(std::string_view key, std::string& out) {
  const std::lock_guard guard(mutex_);
  const auto place = find(key);
  if (place == items_.end())
    return false;
  const auto* const text = std::get_if<std::string>(&place->second.value);
  if (text != nullptr)
    out = *text;
  return text != nullptr;
}

bool value_store::set(std::string_view key, std::string_view value, int64_t ttl_ns) {
  const std::lock_guard guard(mutex_);
  if (const auto old = items_.find(key); old != items_.end()) {
    auto* const text = std::get_if<std::string>(&old->second.value);
    if (text != nullptr && ttl_ns <= 0 && old->second.until_ns == 0
        && replace(old->second, *text, value))
      return true;
    forget(old);
  }
  if (!make_room(1, key.size() + value.size()))
    return false;
  const auto made = items_.try_emplace(std::string{key}).first;
  made->second.value = std::string{value};
  account(made->second, 1, key.size() + value.size());
  if (ttl_ns > 0) {
    made->second.until_ns = now_() + ttl_ns;
    ends_.emplace(made->second.until_ns, made->first);
  }
  return true;
}

void value_store::remove(std::string_view key) {
  const std::lock_guard guard(mutex_);
  if (const auto place = items_.find(key); place != items_.end())
    forget(place);
}

value_store::answer value_store::keys_like(std::string_view pattern, std::vector<std::string>& out,
                                           const answer_limits& most) {
  const std::lock_guard guard(mutex_);
  out.clear();
  answer_room room{most};
  uint64_t left = most.steps;
  for (const auto& [key, of] : items_) {
    const bool found = is_like(key, pattern, left) && !over(of);
    if (left == 0 || (found && !room.take(key.size()))) {
      out.clear();
      return answer::too_large;
    }
    if (found)
      out.push_back(key);
  }
  return out.empty() ? answer::none : answer::given;
}

// -- hashes ---------------------------------------------------------------------------------------

bool value_store::hash_get(std::string_view key, std::string_view field, std::string& out) {
  const std::lock_guard guard(mutex_);
  const auto [of, kept] = collection<hash>(key);
  if (kept == nullptr)
    return false;
  const auto found = kept->find(field);
  if (found == kept->end())
    return false;
  out = found->second;
  return true;
}

bool value_store::hash_set(std::string_view key, std::string_view field, std::string_view value) {
  const std::lock_guard guard(mutex_);
  const auto [of, kept] = make_collection<hash>(key);
  if (kept == nullptr)
    return false;
  if (const auto old = kept->find(field); old != kept->end()) {
    if (replace(*of, old->second, value))
      return true;
    discount(*of, 1, field.size() + old->second.size());
    kept->erase(old);
  }
  if (!make_room(1, field.size() + value.size()))
    return false;
  kept->emplace(field, value);
  account(*of, 1, field.size() + value.size());
  return true;
}

void value_store::hash_remove(std::string_view key, std::string_view field) {
  const std::lock_guard guard(mutex_);
  const auto [of, kept] = collection<hash>(key);
  if (kept == nullptr)
    return;
  if (const auto old = kept->find(field); old != kept->end()) {
    discount(*of, 1, field.size() + old->second.size());
    kept->erase(old);
  }
}

value_store::answer value_store::hash_all(std::string_view key,
                                          std::vector<std::pair<std::string, std::string>>& out,
                                          const answer_limits& most) {
  const std::lock_guard guard(mutex_);
  const auto [of, kept] = collection<hash>(key);
  if (kept == nullptr)
    return answer::none;
  return copy_range(kept->begin(), kept->end(), out, most);
}

// -- sets -----------------------------------------------------------------------------------------

bool value_store::set_add(std::string_view key, std::string_view member) {
  const std::lock_guard guard(mutex_);
  const auto [of, kept] = make_collection<members>(key);
  if (kept == nullptr)
    return false;
  if (kept->find(member) != kept->end())
    return true;
  if (!make_room(1, member.size()))
    return false;
  kept->emplace(member);
  account(*of, 1, member.size());
  return true;
}

void value_store::set_remove(std::string_view key, std::string_view member) {
  const std::lock_guard guard(mutex_);
  const auto [of, kept] = collection<members>(key);
  if (kept == nullptr)
    return;
  if (const auto old = kept->find(member); old != kept->end()) {
    discount(*of, 1, member.size());
    kept->erase(old);
  }
}

value_store::answer value_store::set_all(std::string_view key, std::vector<std::string>& out,
                                         const answer_limits& most) {
  const std::lock_guard guard(mutex_);
  const auto [of, kept] = collection<members>(key);
  if (kept == nullptr)
    return answer::none;
  return copy_range(kept->begin(), kept->end(), out, most);
}

// -- lists ----------------------------------------------------------------------------------------

bool value_store::list_push(std::string_view key, std::string_view value, size_t longest) {
  const std::lock_guard guard(mutex_);
  const auto [of, kept] = make_collection<list>(key);
  if (kept == nullptr || !make_room(1, value.size()))
    return false;
  kept->emplace_front(value);
  account(*of, 1, value.size());
  for (; kept->size() > longest; kept->pop_back())
    discount(*of, 1, kept->back().size());
  return true;
}

bool value_store::list_pop(std::string_view key, std::string& out) {
  const std::lock_guard guard(mutex_);
  const auto [of, kept] = collection<list>(key);
  if (kept == nullptr || kept->empty())
    return false;
  discount(*of, 1, kept->front().size());
  out = std::move(kept->front());
  kept->pop_front();
  return true;
}

value_store::answer value_store::list_range(std::string_view key, int64_t from, int64_t to,
                                            std::vector<std::string>& out,
                                            const answer_limits& most) {
  const std::lock_guard guard(mutex_);
  const auto [of, kept] = collection<list>(key);
  if (kept == nullptr || kept->empty())
    return answer::none;
  const auto size = static_cast<int64_t>(kept->size());
  const int64_t first = std::max<int64_t>(0, from < 0 ? size + from : from);
  const int64_t last = std::min(size - 1, to < 0 ? size + to : to);
  if (first > last)
    return copy_range(kept->end(), kept->end(), out, most);
  return copy_range(kept->begin() + first, kept->begin() + last + 1, out, most);
}

// -- below the lock -------------------------------------------------------------------------------

bool value_store::make_room(size_t entries, size_t bytes) {
  const auto fits = [&] {
    return entries <= most_.entries - entries_
           && bytes <= most_.bytes - std::min(bytes_, most_.bytes);
  };
  while (!fits() && !ends_.empty() && ends_.begin()->first <= now_())
    forget(items_.find(ends_.begin()->second));
  return fits();
}

// Puts another text in the place of an old one; false = it does not fit, nothing has changed.
bool value_store::replace(item& of, std::string& text, std::string_view value) {
  if (value.size() > text.size() && !make_room(0, value.size() - text.size()))
    return false;
  discount(of, 0, text.size());
  text = value;
  account(of, 0, value.size());
  return true;
}

void value_store::account(item& of, size_t entries, size_t bytes) noexcept {
  of.entries += entries;
  of.bytes += bytes;
  entries_ += entries;
  bytes_ += bytes;
}

void value_store::discount(item& of, size_t entries, size_t bytes) noexcept {
  of.entries -= entries;
  of.bytes -= bytes;
  entries_ -= entries;
  bytes_ -= bytes;
}

void value_store::forget(items::iterator place) {
  item& of = place->second;
  if (of.until_ns != 0)
    ends_.erase({of.until_ns, place->first});
  discount(of, of.entries, of.bytes);
  items_.erase(place);
}

value_store::items::iterator value_store::find(std::string_view key) {
  const auto place = items_.find(key);
  if (place == items_.end() || !over(place->second))
    return place;
  forget(place);
  return items_.end();
}

template <class T>
std::pair<value_store::item*, T*> value_store::collection(std::string_view key) {
  const auto place = find(key);
  if (place == items_.end())
    return {nullptr, nullptr};
  return {&place->second, std::get_if<T>(&place->second.value)};
}

// The collection of that kind; a new one takes the place of what is of another kind.
template <class T>
std::pair<value_store::item*, T*> value_store::make_collection(std::string_view key) {
  if (const auto found = collection<T>(key); found.second != nullptr)
    return found;
  if (!make_room(1, key.size()))
    return {nullptr, nullptr};
  if (const auto old = items_.find(key); old != items_.end())
    forget(old);
  item& made = items_[std::string{key}];
  account(made, 1, key.size());
  return {&made, &made.value.emplace<T>()};
}

} // namespace flowactors
