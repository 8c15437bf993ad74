#include "lua/helpers/json_writer.hpp"

#include "lua/bounded_library.hpp"
#include "lua/helpers/json_text.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <functional>

namespace flowactors {

namespace {

// So many values wait on the stack for their turn; those of a larger table are looked up again.
constexpr size_t most_on_stack = 16;

} // namespace

// Gives back what a great text has taken.
void json_writer::tidy() {
  constexpr size_t usual = 65536;
  out_.clear();
  members_.clear();
  outermost_ = 0;
  if (out_.capacity() > usual)
    out_.shrink_to_fit();
  if (members_.capacity() * sizeof(member) > usual)
    members_.shrink_to_fit();
}

// Pushes " (field 'x')", or "".
const char* json_writer::of_field(lua_State* L) const {
  constexpr size_t longest = 64;
  if (field_.empty()) {
    lua_pushliteral(L, "");
  } else {
    lua_pushliteral(L, " (field '");
    lua_pushlstring(L, field_.data(), std::min(field_.size(), longest));
    lua_pushliteral(L, "')");
    lua_concat(L, 3);
  }
  return lua_tostring(L, -1);
}

// Counts work, in units of about 5 ns.
void json_writer::count(lua_State* L, size_t units) const {
  if (limits_.budget != nullptr)
    spend(L, *limits_.budget, units);
}

void json_writer::fail(lua_State* L, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  luaL_where(L, start_.level);
  lua_pushstring(L, start_.prefix);
  lua_pushvfstring(L, format, arguments);
  va_end(arguments);
  lua_concat(L, 3);
  lua_error(L);
  __builtin_unreachable();
}

// Takes the key below the value on top.
void json_writer::add_member(lua_State* L, int place) {
  const int type = lua_type(L, -2);
  if (type == LUA_TNUMBER) {
    members_.push_back({true, place, lua_tonumber(L, -2), {}});
  } else if (type == LUA_TSTRING) {
    size_t size = 0;
    const char* const text = lua_tolstring(L, -2, &size);
    members_.push_back({false, place, 0, {text, size}});
  } else {
    fail(L, "json.encode: keys are strings or numbers, got a key of type %s", luaL_typename(L, -2));
  }
  if (members_.size() > limits_.max_keys)
    fail(L, "json.encode: more than %d keys", static_cast<int>(limits_.max_keys));
  count(L, 8);
}

// Leaves keys and values on the stack; false if there are too many.
bool json_writer::collect_few(lua_State* L, int table) {
  const size_t most = members_.size() + most_on_stack;
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pushvalue(L, -2)) {
    if (members_.size() == most)
      return false;
    add_member(L, lua_gettop(L));
  }
  return true;
}

void json_writer::collect_many(lua_State* L, int table) {
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
    add_member(L, 0);
}

// How many values a table has, if its keys are 1 to that; else -1.
int64_t json_writer::array_size(lua_State* L, int table) const {
  double greatest = 0;
  int64_t size = 0;
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
    const double key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
    if (!(key >= 1) || key != std::trunc(key)) {
      lua_pop(L, 2);
      return -1;
    }
    greatest = std::max(greatest, key);
    if (++size % 1024 == 0)
      count(L, 2048);
  }
  return greatest == static_cast<double>(size) ? size : -1;
}

/// The members from `first` on in order. To sort many would take long in one go: they become a
/// heap, whose top goes to its end again and again.
class json_writer::in_order {
public:
  in_order(std::vector<member>& members, size_t first)
    : members_(members), first_(first), last_(members.size()), sorted_(last_ - first_ <= 512) {
    if (sorted_)
      std::sort(at(first_), at(last_));
    else
      std::make_heap(at(first_), at(last_), std::greater<>{});
  }

  bool empty() const { return first_ == last_; }

  /// Takes the next one.
  member next() {
    if (sorted_)
      return members_[first_++];
    std::pop_heap(at(first_), at(last_), std::greater<>{});
    return members_[--last_];
  }

private:
  std::vector<member>::iterator at(size_t place) {
    return members_.begin() + static_cast<ptrdiff_t>(place);
  }

  std::vector<member>& members_; // tables within this one put theirs behind, and take them away
  size_t first_;
  size_t last_;
  bool sorted_;
};

void json_writer::write_key(const member& key) {
  if (!key.is_number) {
    write_json_text(key.text, out_);
  } else {
    out_ += '"';
    write_json_number(key.number, out_);
    out_ += '"';
  }
  out_ += ':';
}

void json_writer::write_table(lua_State* L, int table, int depth) {
  if (depth >= limits_.max_depth)
    fail(L, "json.encode: tables are more than %d deep (or one contains itself)",
         limits_.max_depth);
  luaL_checkstack(L, 2 * most_on_stack + 4, "json.encode");
  const int top = lua_gettop(L);
  const size_t first = members_.size();
  if (const int64_t size = array_size(L, table); size >= 0) {
    write_array(L, table, size, depth);
  } else {
    if (!collect_few(L, table)) {
      lua_settop(L, top);
      members_.resize(first);
      collect_many(L, table);
    }
    write_object(L, table, first, depth);
  }
  lua_settop(L, top);
  if (depth == 0)
    outermost_ = members_.size();
  else
    members_.resize(first);
}

void json_writer::write_array(lua_State* L, int table, int64_t size, int depth) {
  const int top = lua_gettop(L);
  out_ += '[';
  for (int64_t i = 1; i <= size; ++i) {
    if (i != 1)
      out_ += ',';
    lua_rawgeti(L, table, static_cast<int>(i));
    write_value(L, top + 1, depth + 1);
    lua_settop(L, top);
  }
  out_ += ']';
}

void json_writer::write_object(lua_State* L, int table, size_t first, int depth) {
  const int top = lua_gettop(L);
  out_ += '{';
  bool is_first = true;
  for (in_order members{members_, first}; !members.empty(); is_first = false) {
    const member key = members.next();
    if (!is_first)
      out_ += ',';
    write_key(key);
    field_ = key.text;
    if (key.place != 0) {
      write_value(L, key.place, depth + 1);
      continue;
    }
    if (key.is_number)
      lua_pushnumber(L, key.number);
    else
      lua_pushlstring(L, key.text.data(), key.text.size());
    lua_rawget(L, table);
    write_value(L, top + 1, depth + 1);
    lua_settop(L, top);
  }
  out_ += '}';
}

void json_writer::write_value(lua_State* L, int index, int depth) {
  size_t size = 0;
  switch (lua_type(L, index)) {
    case LUA_TNIL:
      out_ += "null";
      break;
    case LUA_TBOOLEAN:
      out_ += lua_toboolean(L, index) != 0 ? "true" : "false";
      break;
    case LUA_TNUMBER:
      write_json_number(lua_tonumber(L, index), out_);
      break;
    case LUA_TSTRING: {
      const char* const text = lua_tolstring(L, index, &size);
      if (size <= limits_.max_bytes)
        write_json_text({text, size}, out_);
      break;
    }
    case LUA_TTABLE:
      write_table(L, index, depth);
      break;
    default:
      fail(L, "json.encode: a string, a number, a boolean, a table or nil was expected, got %s%s",
           luaL_typename(L, index), of_field(L));
  }
  count(L, 16 + size / 2);
  if (out_.size() > limits_.max_bytes || size > limits_.max_bytes)
    fail(L, "json.encode: the text is more than %d bytes long",
         static_cast<int>(limits_.max_bytes));
}

std::string_view json_writer::write(lua_State* L, int index, error_start start) {
  tidy();
  start_ = start;
  field_ = {};
  write_value(L, index, 0);
  return out_;
}

uint32_t json_writer::keys_among(std::span<const char* const> names) const noexcept {
  uint32_t found = 0;
  for (size_t i = 0; i < outermost_; ++i)
    for (size_t k = 0; k < names.size() && !members_[i].is_number; ++k)
      if (members_[i].text == names[k])
        found |= uint32_t{1} << k;
  return found;
}

} // namespace flowactors
