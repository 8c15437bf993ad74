#include "lua/pattern_search.hpp"

#include "lua/limit_error.hpp"
#include "lua/pattern_classes.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstring>

namespace flowactors {

namespace {

using namespace pattern;

bool is_special(char c) { // also the 0 at the end
  return std::strchr("^$*+?.([%-)", c) != nullptr;
}

bool is_optional(char sign) {
  return sign == '*' || sign == '?' || sign == '-';
}

// The item that a match must begin with, if it is a class, an escaped byte or a set; else null.
const char* first_class(const char* p) {
  if (*p == '(' && p[1] != ')')
    ++p;
  if (*p == '[')
    return p;
  const bool single = p[1] != '\0' && p[1] != 'b' && p[1] != 'f' && !is_digit(p[1]);
  return *p == escape && single ? p : nullptr;
}

// A byte that a match must begin with, or -1.
int first_byte(const char* p) {
  if (*p == '(' && p[1] != ')')
    ++p;
  return is_special(*p) || is_optional(p[1]) ? -1 : byte(*p);
}

} // namespace

bool is_plain(const char* pattern, size_t size) noexcept {
  return std::none_of(pattern, pattern + size,
                      [](char c) { return c != '\0' && std::strchr("^$*+?.([%-", c) != nullptr; });
}

pattern_search::pattern_search(lua_State* state, bounded_budget& budget, const char* text,
                               size_t size)
  : state_(state),
    budget_(budget),
    text_(text),
    end_(text + size),
    steps_(static_cast<int64_t>(budget.pattern_steps + 8 * size)) {}

// While a search runs, what is left until the next look at the clock is here and not in the budget:
// a search that ends by an error leaves nothing.
void pattern_search::take_slice() {
  slice_ = budget_.left;
  steps_ -= slice_;
  budget_.left = 0;
}

void pattern_search::return_slice() {
  budget_.left = slice_;
  steps_ += slice_;
}

// Every slice of steps: the script's time may be over, or the steps.
void pattern_search::pause() {
  while (slice_ < 0) {
    if (steps_ < 0)
      raise_limit(state_, "pattern", "the search takes too many steps");
    check_limits(state_);
    const int64_t more = std::min(budget_.pause, steps_ + 1);
    steps_ -= more;
    slice_ += more;
  }
}

const char* pattern_search::match_at(const char* at, const char* pattern) {
  take_slice();
  const char* end = attempt(at, pattern);
  return_slice();
  return end;
}

const char* pattern_search::find_from(const char*& at, const char* pattern) {
  take_slice();
  const char* end = scan(at, pattern);
  return_slice();
  return end;
}

const char* pattern_search::scan(const char*& at, const char* pattern) {
  const int first = first_byte(pattern);
  const char* item = first_class(pattern);
  const char* const next_item = item == nullptr ? nullptr : item_end(item);
  if (item != nullptr && is_optional(*next_item))
    item = nullptr;
  for (;; ++at) {
    if (item != nullptr) {
      const char* from = at;
      while (at < end_ && !fits(at, item, next_item))
        ++at;
      step(at - from);
      if (at == end_)
        return nullptr;
    } else if (first >= 0) {
      const void* next = std::memchr(at, first, static_cast<size_t>(end_ - at));
      if (next == nullptr)
        return nullptr;
      step((static_cast<const char*>(next) - at) / 16);
      at = static_cast<const char*>(next);
    }
    if (const char* end = attempt(at, pattern); end != nullptr)
      return end;
    if (at == end_)
      return nullptr;
  }
}

const char* pattern_search::match(const char* s, const char* p) {
  if (++depth_ > max_depth)
    luaL_error(state_, "pattern too complex");
  step();
  bool goes_on = true;
  while (goes_on && s != nullptr && *p != '\0') {
    step();
    goes_on = false;
    if (*p == '(') {
      s = p[1] == ')' ? open_capture(s, p + 2, capture::position)
                      : open_capture(s, p + 1, capture::open);
    } else if (*p == ')') {
      s = close_capture(s, p + 1);
    } else if (*p == '$' && p[1] == '\0') {
      if (s != end_)
        s = nullptr;
    } else if (*p == escape && p[1] == 'b') {
      s = match_balanced(s, p + 2);
      p += 4;
      goes_on = true;
    } else if (*p == escape && p[1] == 'f') {
      p += 2;
      if (*p != '[')
        luaL_error(state_, "missing '[' after '%%f' in pattern");
      const char* next = item_end(p);
      if (!at_frontier(s, p, next))
        s = nullptr;
      p = next;
      goes_on = true;
    } else if (*p == escape && is_digit(p[1])) {
      s = match_again(s, p[1]);
      p += 2;
      goes_on = true;
    } else {
      const char* next = item_end(p);
      s = match_item(s, p, next, goes_on);
      p = *next == '?' ? next + 1 : next;
    }
  }
  --depth_;
  return s;
}

// A single byte or class and the sign behind it. `goes_on` is set where the rest of the pattern is
// still to be matched; else it has been.
const char* pattern_search::match_item(const char* s, const char* p, const char* next,
                                       bool& goes_on) {
  switch (*next) {
    case '*':
      return longest(s, p, next);
    case '+':
      return fits(s, p, next) ? longest(s + 1, p, next) : nullptr;
    case '-':
      return shortest(s, p, next);
    case '?':
      if (fits(s, p, next))
        if (const char* end = match(s + 1, next + 1); end != nullptr)
          return end;
      goes_on = true;
      return s;
    default:
      goes_on = true;
      return fits(s, p, next) ? s + 1 : nullptr;
  }
}

// How many bytes from `s` on fit the item.
ptrdiff_t pattern_search::run_length(const char* s, const char* p, const char* next) {
  const char* at = s;
  if (*p == '.') {
    at = end_;
  } else if (const uint16_t bits = *p == escape ? class_bits(byte(p[1])) : uint16_t{0}; bits != 0) {
    const bool wanted = (classes[byte(p[1])] & upper) == 0;
    while (at < end_ && ((classes[byte(*at)] & bits) != 0) == wanted)
      ++at;
  } else {
    while (fits(at, p, next))
      ++at;
  }
  step((at - s) / 2);
  return at - s;
}

const char* pattern_search::longest(const char* s, const char* p, const char* next) {
  ptrdiff_t count = run_length(s, p, next);
  if (next[1] == '\0' && depth_ < max_depth)
    return s + count;
  for (; count >= 0; --count)
    if (const char* end = match(s + count, next + 1); end != nullptr)
      return end;
  return nullptr;
}

const char* pattern_search::shortest(const char* s, const char* p, const char* next) {
  for (;; ++s) {
    if (const char* end = match(s, next + 1); end != nullptr)
      return end;
    step();
    if (!fits(s, p, next))
      return nullptr;
  }
}

const char* pattern_search::open_capture(const char* s, const char* p, ptrdiff_t mark) {
  if (level_ >= max_captures)
    luaL_error(state_, "too many captures");
  captures_[static_cast<size_t>(level_)] = {s, mark};
  ++level_;
  const char* end = match(s, p);
  if (end == nullptr)
    --level_;
  return end;
}

const char* pattern_search::close_capture(const char* s, const char* p) {
  int last = level_ - 1;
  while (last >= 0 && captures_[static_cast<size_t>(last)].length != capture::open)
    --last;
  if (last < 0)
    luaL_error(state_, "invalid pattern capture");
  capture& closed = captures_[static_cast<size_t>(last)];
  closed.length = s - closed.begin;
  const char* end = match(s, p);
  if (end == nullptr)
    closed.length = capture::open;
  return end;
}

// %bxy: from x to the y that belongs to it.
const char* pattern_search::match_balanced(const char* s, const char* p) {
  if (p[0] == '\0' || p[1] == '\0')
    luaL_error(state_, "unbalanced pattern");
  if (s == end_ || *s != p[0])
    return nullptr;
  int64_t open = 1;
  for (++s; s < end_; ++s) {
    step();
    if (*s == p[1]) { // also when both are the same byte
      if (--open == 0)
        return s + 1;
    } else if (*s == p[0]) {
      ++open;
    }
  }
  return nullptr;
}

// %1 to %9: what that capture has caught, once more.
const char* pattern_search::match_again(const char* s, int digit) {
  const int i = digit - '1';
  if (i < 0 || i >= level_ || captures_[static_cast<size_t>(i)].length == capture::open)
    luaL_error(state_, "invalid capture index");
  const capture& caught = captures_[static_cast<size_t>(i)];
  if (caught.length == capture::position || end_ - s < caught.length)
    return nullptr;
  step(caught.length / 16);
  const auto size = static_cast<size_t>(caught.length);
  return std::memcmp(caught.begin, s, size) == 0 ? s + size : nullptr;
}

// %f[set]: the byte before is not in the set, this one is; before the begin and at the end stands
// 0.
bool pattern_search::at_frontier(const char* s, const char* set, const char* next) {
  const unsigned char before = s == text_ ? 0 : byte(s[-1]);
  return !in_set(before, set, next - 1) && in_set(byte(*s), set, next - 1);
}

bool pattern_search::fits(const char* s, const char* p, const char* next) {
  if (s >= end_)
    return false;
  switch (*p) {
    case '.':
      return true;
    case escape:
      return in_class(byte(*s), byte(p[1]));
    case '[':
      return in_set(byte(*s), p, next - 1);
    default:
      return *p == *s;
  }
}

// `set` points at its '[', `last` at its ']'.
bool pattern_search::in_set(unsigned char c, const char* set, const char* last) {
  step((last - set) / 8);
  const bool negated = set[1] == '^';
  for (const char* p = set + (negated ? 2 : 1); p < last; ++p) {
    if (*p == escape) {
      ++p;
      if (in_class(c, byte(*p)))
        return !negated;
    } else if (p[1] == '-' && p + 2 < last) {
      p += 2;
      if (byte(p[-2]) <= c && c <= byte(*p))
        return !negated;
    } else if (byte(*p) == c) {
      return !negated;
    }
  }
  return negated;
}

// Behind the item (a byte, an escaped byte, a set) that begins at `p`.
const char* pattern_search::item_end(const char* p) {
  const char* begin = p;
  if (*p == escape) {
    if (p[1] == '\0')
      luaL_error(state_, "malformed pattern (ends with '%%')");
    return p + 2;
  }
  if (*p != '[')
    return p + 1;
  ++p;
  if (*p == '^')
    ++p;
  do { // a ']' in the first place stands for itself
    if (*p == '\0')
      luaL_error(state_, "malformed pattern (missing ']')");
    if (*p++ == escape && *p != '\0')
      ++p;
  } while (*p != ']');
  step((p - begin) / 8);
  return p + 1;
}

void pattern_search::push_capture(int i, const char* begin, const char* end) {
  if (i >= level_) {
    if (i != 0)
      luaL_error(state_, "invalid capture index");
    lua_pushlstring(state_, begin, static_cast<size_t>(end - begin));
    return;
  }
  const capture& caught = captures_[static_cast<size_t>(i)];
  if (caught.length == capture::open)
    luaL_error(state_, "unfinished capture");
  if (caught.length == capture::position)
    lua_pushinteger(state_, caught.begin - text_ + 1);
  else
    lua_pushlstring(state_, caught.begin, static_cast<size_t>(caught.length));
}

int pattern_search::push_captures(const char* begin, const char* end) {
  const int count = level_ == 0 && begin != nullptr ? 1 : level_;
  luaL_checkstack(state_, count, "too many captures");
  for (int i = 0; i < count; ++i)
    push_capture(i, begin, end);
  return count;
}

} // namespace flowactors
