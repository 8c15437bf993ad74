#include "lua/bounded_patterns.hpp"

#include "lua/limit_error.hpp"
#include "lua/pattern_search.hpp"

#include <lua.hpp>
#include <string.h> // NOLINT: memmem is not in <cstring>

#include <algorithm>
#include <climits>

namespace flowactors {

namespace {

bounded_budget& budget_of(lua_State* L) {
  return *static_cast<bounded_budget*>(lua_touserdata(L, lua_upvalueindex(1)));
}

struct text {
  const char* data;
  size_t size;
};

text text_argument(lua_State* L, int index) {
  text given{};
  given.data = luaL_checklstring(L, index, &given.size);
  return given;
}

// Where a search begins, from an argument that counts from 1 or, if negative, from the end.
size_t begin_of(lua_State* L, int index, size_t size) {
  const double given = luaL_optnumber(L, index, 1);
  // Beyond 32 bits, and for a NaN, the conversion of x64 gives the least number.
  const bool fits =
    given > static_cast<double>(INT_MIN) - 1 && given < static_cast<double>(INT_MAX) + 1;
  int64_t begin = fits ? static_cast<int64_t>(given) : INT_MIN;
  begin = begin < 0 ? begin + static_cast<int64_t>(size) : begin - 1;
  if (begin < 0)
    return 0;
  return static_cast<size_t>(begin) > size ? size : static_cast<size_t>(begin);
}

// A pattern, not longer than it may be: some of the work on one is not counted in steps.
text pattern_argument(lua_State* L, int index) {
  const text given = text_argument(L, index);
  if (given.size > budget_of(L).max_pattern)
    raise_limit(L, "pattern", "the pattern is too long");
  return given;
}

// Searches piece by piece. Null if it is not there.
const char* search_plain(lua_State* L, const text& subject, const text& wanted, size_t begin) {
  bounded_budget& budget = budget_of(L);
  if (wanted.size > subject.size - begin)
    return nullptr;
  if (wanted.size > budget.max_wanted)
    raise_limit(L, "string", "string.find gets too long a text to find");
  const size_t piece = std::max<size_t>(65'536, 2 * wanted.size);
  for (size_t at = begin;; at += piece - wanted.size) {
    const size_t size = std::min(piece, subject.size - at);
    spend(L, budget, (size + wanted.size) / 8);
    const void* found = memmem(subject.data + at, size, wanted.data, wanted.size);
    if (found != nullptr || at + size == subject.size)
      return static_cast<const char*>(found);
  }
}

int find_plain(lua_State* L, const text& subject, const text& wanted, size_t begin) {
  const char* found = search_plain(L, subject, wanted, begin);
  if (found == nullptr) {
    lua_pushnil(L);
    return 1;
  }
  const ptrdiff_t at = found - subject.data;
  lua_pushinteger(L, at + 1);
  lua_pushinteger(L, at + static_cast<ptrdiff_t>(wanted.size));
  return 2;
}

// Searches once. Sets `at` to the begin of the match; null if there is none.
const char* search(pattern_search& searching, const char*& at, const char* pattern) {
  return *pattern == '^' ? searching.match_at(at, pattern + 1) : searching.find_from(at, pattern);
}

int find(lua_State* L) {
  const text subject = text_argument(L, 1);
  const text wanted = text_argument(L, 2);
  const size_t begin = begin_of(L, 3, subject.size);
  if (lua_toboolean(L, 4) != 0)
    return find_plain(L, subject, wanted, begin);
  const text pattern = pattern_argument(L, 2);
  if (is_plain(pattern.data, pattern.size))
    return find_plain(L, subject, pattern, begin);
  pattern_search searching{L, budget_of(L), subject.data, subject.size};
  const char* at = subject.data + begin;
  const char* end = search(searching, at, pattern.data);
  if (end == nullptr) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, at - subject.data + 1);
  lua_pushinteger(L, end - subject.data);
  return searching.push_captures(nullptr, nullptr) + 2;
}

int match(lua_State* L) {
  const text subject = text_argument(L, 1);
  const text pattern = pattern_argument(L, 2);
  const char* at = subject.data + begin_of(L, 3, subject.size);
  pattern_search searching{L, budget_of(L), subject.data, subject.size};
  if (const char* end = search(searching, at, pattern.data); end != nullptr)
    return searching.push_captures(at, end);
  lua_pushnil(L);
  return 1;
}

// next_match(text, pattern, place): the captures of the next match, or nothing; `place[1]` is where
// to search from, counted from 0.
int next_match(lua_State* L) {
  const text subject = text_argument(L, 1);
  const char* pattern = pattern_argument(L, 2).data;
  lua_rawgeti(L, 3, 1);
  const auto begin = static_cast<size_t>(lua_tointeger(L, -1));
  if (begin > subject.size)
    return 0;
  pattern_search searching{L, budget_of(L), subject.data, subject.size};
  const char* at = subject.data + begin;
  const char* end = searching.find_from(at, pattern);
  if (end == nullptr)
    return 0;
  lua_pushinteger(L, end - subject.data + (end == at ? 1 : 0));
  lua_rawseti(L, 3, 1);
  return searching.push_captures(at, end);
}

// What gsub makes. The buffer's parts lie on the stack; it needs no destructor.
struct output {
  lua_State* state;
  size_t room;
  luaL_Buffer buffer;

  void count(size_t size) {
    if (size > room)
      raise_limit(state, "string", "string.gsub makes too long a text");
    room -= size;
  }
  void add(const char* data, size_t size) {
    count(size);
    luaL_addlstring(&buffer, data, size);
  }
  void add_top() {
    size_t size = 0;
    lua_tolstring(state, -1, &size);
    count(size);
    luaL_addvalue(&buffer);
  }
};

// A replacement text, in which %0 to %9 stand for the match and its captures.
void add_text(lua_State* L, pattern_search& searching, output& made, const char* begin,
              const char* end) {
  size_t size = 0;
  const char* given = lua_tolstring(L, 3, &size);
  const char* last = given + size;
  spend(L, budget_of(L), size / 2); // a part may add nothing
  while (given < last) {
    const auto* sign =
      static_cast<const char*>(memchr(given, '%', static_cast<size_t>(last - given)));
    const char* until = sign == nullptr ? last : sign;
    made.add(given, static_cast<size_t>(until - given));
    if (sign == nullptr)
      return;
    const char what = sign[1]; // 0 at the end, and then it is a 0
    if (what == '0') {
      made.add(begin, static_cast<size_t>(end - begin));
    } else if (what >= '1' && what <= '9') {
      searching.push_capture(what - '1', begin, end);
      made.add_top();
    } else {
      made.add(&what, 1);
    }
    given = sign + 2;
  }
}

void add_replacement(lua_State* L, pattern_search& searching, output& made, const char* begin,
                     const char* end) {
  switch (lua_type(L, 3)) {
    case LUA_TFUNCTION: {
      lua_pushvalue(L, 3);
      const int count = searching.push_captures(begin, end);
      lua_call(L, count, 1);
      break;
    }
    case LUA_TTABLE:
      searching.push_capture(0, begin, end);
      lua_gettable(L, 3);
      break;
    default:
      add_text(L, searching, made, begin, end);
      return;
  }
  if (lua_toboolean(L, -1) == 0) {
    lua_pop(L, 1);
    made.add(begin, static_cast<size_t>(end - begin));
  } else if (lua_isstring(L, -1) != 0) {
    made.add_top();
  } else {
    luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  }
}

int gsub(lua_State* L) {
  const text subject = text_argument(L, 1);
  const char* pattern = pattern_argument(L, 2).data;
  const int kind = lua_type(L, 3);
  const int most = static_cast<int>(luaL_optinteger(L, 4, static_cast<int>(subject.size + 1)));
  luaL_argcheck(
    L, kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TFUNCTION || kind == LUA_TTABLE, 3,
    "string/function/table expected");
  const bool anchored = *pattern == '^';
  if (anchored)
    ++pattern;
  if (kind == LUA_TFUNCTION || kind == LUA_TTABLE)
    check_depth(L);
  pattern_search searching{L, budget_of(L), subject.data, subject.size};
  output made{L, budget_of(L).max_string, {}};
  luaL_buffinit(L, &made.buffer);
  const char* done = subject.data; // up to here the text is in `made`
  const char* at = subject.data;
  int count = 0;
  while (count < most) {
    const char* end = anchored ? searching.match_at(at, pattern) : searching.find_from(at, pattern);
    if (end == nullptr)
      break;
    ++count;
    made.add(done, static_cast<size_t>(at - done));
    add_replacement(L, searching, made, at, end);
    done = end;
    if (anchored || (end == at && at == searching.end()))
      break;
    at = end > at ? end : at + 1;
  }
  if (count == 0) {
    lua_pushvalue(L, 1);
  } else {
    made.add(done, static_cast<size_t>(searching.end() - done));
    luaL_pushresult(&made.buffer);
  }
  lua_pushinteger(L, count);
  return 2;
}

} // namespace

void push_bounded_patterns(lua_State* L, bounded_budget& budget) {
  static constexpr luaL_Reg functions[] = {
    {"find", find}, {"match", match}, {"next_match", next_match}, {"gsub", gsub}};
  for (const auto& function : functions) {
    lua_pushlightuserdata(L, &budget);
    lua_pushcclosure(L, function.func, 1);
    lua_setfield(L, -2, function.name);
  }
}

} // namespace flowactors
