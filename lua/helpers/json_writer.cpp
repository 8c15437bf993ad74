#include "lua/helpers/json_writer.hpp"

#include "lua/helpers/json_text.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstdarg>

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
  if (members_.size() > limits_.max_bytes)
    fail(L, "json.encode: more than %d keys", static_cast<int>(limits_.max_bytes));
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

// True if the keys from `first` on are 1 to n.
bool json_writer::is_array(size_t first) const noexcept {
  double greatest = 0;
  for (size_t i = first; i < members_.size(); ++i) {
    const member& key = members_[i];
    if (!key.is_number || key.number < 1
        || key.number != static_cast<double>(static_cast<int64_t>(key.number)))
      return false;
    greatest = std::max(greatest, key.number);
  }
  return greatest == static_cast<double>(members_.size() - first);
}

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
  if (!collect_few(L, table)) {
    lua_settop(L, top);
    members_.resize(first);
    collect_many(L, table);
  }
  const size_t last = members_.size();
  const bool array = is_array(first);
  std::sort(members_.begin() + static_cast<ptrdiff_t>(first), members_.end());
  out_ += array ? '[' : '{';
  for (size_t i = first; i < last; ++i) {
    const member key = members_[i];
    if (i != first)
      out_ += ',';
    if (!array)
      write_key(key);
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
  out_ += array ? ']' : '}';
  lua_settop(L, top);
  if (depth == 0)
    outermost_ = last;
  else
    members_.resize(first);
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
      fail(L, "json.encode: a string, a number, a boolean, a table or nil was expected, got %s",
           luaL_typename(L, index));
  }
  if (out_.size() > limits_.max_bytes || size > limits_.max_bytes)
    fail(L, "json.encode: the text is more than %d bytes long",
         static_cast<int>(limits_.max_bytes));
}

std::string_view json_writer::write(lua_State* L, int index, error_start start) {
  tidy();
  start_ = start;
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
