#pragma once

#include "lua/bounded_library.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

struct lua_State;

namespace flowactors {

/// Finds a Lua pattern (Lua 5.1 manual, section 5.4.1) in a text, in a bounded number of steps and
/// a bounded depth of calls. A byte 0 ends the pattern; the text may hold any bytes, and must be
/// followed by a byte 0, as texts of Lua are.
///
/// Raises Lua errors: for malformed patterns, with the messages of Lua's own functions, when the
/// steps are used up, and when the deadline of the script is over.
class pattern_search {
public:
  static constexpr int max_captures = 32;

  /// A part of the text that a match has caught; `length` may be one of the two marks.
  struct capture {
    static constexpr ptrdiff_t open = -1;     ///< its closing bracket has not been met
    static constexpr ptrdiff_t position = -2; ///< "()": it is the place itself
    const char* begin;
    ptrdiff_t length;
  };

  pattern_search(lua_State* state, bounded_budget& budget, const char* text, size_t size);
  pattern_search(const pattern_search&) = delete;
  pattern_search& operator=(const pattern_search&) = delete;

  /// The end of the match of `pattern` that begins at `at`, or null.
  const char* match_at(const char* at, const char* pattern);

  /// The first match that begins at or after `at`; sets `at` to its begin. Null if there is none.
  const char* find_from(const char*& at, const char* pattern);

  /// Pushes capture number `i`, counted from 0; the whole match if there are no captures.
  void push_capture(int i, const char* begin, const char* end);

  /// Pushes all captures, or the whole match if there are none. Returns how many.
  int push_captures(const char* begin, const char* end);

  int captures() const noexcept { return level_; }
  const char* text() const noexcept { return text_; }
  const char* end() const noexcept { return end_; }

private:
  static constexpr int max_depth = 200;

  const char* attempt(const char* at, const char* pattern) {
    level_ = 0;
    depth_ = 0;
    return match(at, pattern);
  }
  const char* scan(const char*& at, const char* pattern);
  const char* match(const char* s, const char* p);
  const char* match_item(const char* s, const char* p, const char* next, bool& goes_on);
  ptrdiff_t run_length(const char* s, const char* p, const char* next);
  const char* longest(const char* s, const char* p, const char* next);
  const char* shortest(const char* s, const char* p, const char* next);
  const char* open_capture(const char* s, const char* p, ptrdiff_t mark);
  const char* close_capture(const char* s, const char* p);
  const char* match_balanced(const char* s, const char* p);
  const char* match_again(const char* s, int digit);
  bool at_frontier(const char* s, const char* set, const char* next);
  bool fits(const char* s, const char* p, const char* next);
  bool in_set(unsigned char c, const char* set, const char* last);
  const char* item_end(const char* p);
  void take_slice();
  void return_slice();
  void pause();
  void step(ptrdiff_t n = 1) {
    if ((slice_ -= n) < 0) [[unlikely]]
      pause();
  }

  lua_State* state_;
  bounded_budget& budget_;
  const char* text_;
  const char* end_;
  int64_t slice_ = 0; // steps until the next look at the clock
  int64_t steps_;     // steps beyond the slice
  int level_ = 0;
  int depth_ = 0;
  std::array<capture, max_captures> captures_;
};

/// True if `pattern` holds nothing that has a meaning of its own in a pattern.
bool is_plain(const char* pattern, size_t size) noexcept;

} // namespace flowactors
