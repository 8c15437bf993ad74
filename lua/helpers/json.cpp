#include "lua/helpers/json.hpp"

#include "lua/helpers/binding.hpp"
#include "lua/helpers/json_text.hpp"

#include <algorithm>

namespace flowactors {

namespace {

/// A key of a table on its way out. The table holds the text.
struct member {
  bool is_number;
  double number;
  std::string_view text;

  bool operator<(const member& other) const noexcept {
    if (is_number != other.is_number)
      return is_number;
    return is_number ? number < other.number : text < other.text;
  }
};

/// What encode and decode work in. It is in a userdata: an error leaves it to the collector.
struct json_work {
  explicit json_work(const json_limits& most) : limits(most) {}

  /// Gives back what a great text has taken.
  void tidy() {
    constexpr size_t usual = 65536;
    out.clear();
    members.clear();
    if (out.capacity() > usual)
      out.shrink_to_fit();
    if (tape.texts.capacity() > usual || tape.items.capacity() * sizeof(json_tape::item) > usual)
      tape = {};
  }

  json_limits limits;
  std::string out;
  std::vector<member> members; ///< of all tables that are being written
  json_tape tape;
  std::string why;
};

json_work& work_of(lua_State* L) {
  return *static_cast<json_work*>(lua_touserdata(L, lua_upvalueindex(1)));
}

int collect_work(lua_State* L) {
  static_cast<json_work*>(lua_touserdata(L, 1))->~json_work();
  return 0;
}

// -- writing --------------------------------------------------------------------------------------

void write_value(lua_State* L, json_work& work, int depth);

// Collects the keys of the table on top; true if they are 1 to n.
bool collect_members(lua_State* L, json_work& work) {
  bool is_array = true;
  double greatest = 0;
  const size_t first = work.members.size();
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TNUMBER) {
      const double number = lua_tonumber(L, -2);
      is_array =
        is_array && number >= 1 && number == static_cast<double>(static_cast<int64_t>(number));
      greatest = std::max(greatest, number);
      work.members.push_back({true, number, {}});
    } else if (lua_type(L, -2) == LUA_TSTRING) {
      size_t size = 0;
      const char* const text = lua_tolstring(L, -2, &size);
      is_array = false;
      work.members.push_back({false, 0, {text, size}});
    } else {
      luaL_error(L, "json.encode: keys are strings or numbers, got a key of type %s",
                 luaL_typename(L, -2));
    }
    if (work.members.size() > work.limits.max_bytes)
      luaL_error(L, "json.encode: more than %d keys", static_cast<int>(work.limits.max_bytes));
  }
  return is_array && greatest == static_cast<double>(work.members.size() - first);
}

void write_table(lua_State* L, json_work& work, int depth) {
  if (depth >= work.limits.max_depth)
    luaL_error(L, "json.encode: tables are more than %d deep (or one contains itself)",
               work.limits.max_depth);
  luaL_checkstack(L, 4, "json.encode");
  const size_t first = work.members.size();
  const bool is_array = collect_members(L, work);
  const size_t last = work.members.size();
  std::sort(work.members.begin() + static_cast<ptrdiff_t>(first), work.members.end());
  work.out += is_array ? '[' : '{';
  for (size_t i = first; i < last; ++i) {
    const member key = work.members[i];
    if (i != first)
      work.out += ',';
    if (key.is_number)
      lua_pushnumber(L, key.number);
    else
      lua_pushlstring(L, key.text.data(), key.text.size());
    if (!is_array && !key.is_number) {
      write_json_text(key.text, work.out);
    } else if (!is_array) {
      work.out += '"';
      write_json_number(key.number, work.out);
      work.out += '"';
    }
    if (!is_array)
      work.out += ':';
    lua_rawget(L, -2);
    write_value(L, work, depth + 1);
    lua_pop(L, 1);
  }
  work.out += is_array ? ']' : '}';
  work.members.resize(first);
}

// Writes what is on top of the stack.
void write_value(lua_State* L, json_work& work, int depth) {
  size_t size = 0;
  switch (lua_type(L, -1)) {
    case LUA_TNIL:
      work.out += "null";
      break;
    case LUA_TBOOLEAN:
      work.out += lua_toboolean(L, -1) != 0 ? "true" : "false";
      break;
    case LUA_TNUMBER:
      write_json_number(lua_tonumber(L, -1), work.out);
      break;
    case LUA_TSTRING: {
      const char* const text = lua_tolstring(L, -1, &size);
      if (size <= work.limits.max_bytes)
        write_json_text({text, size}, work.out);
      break;
    }
    case LUA_TTABLE:
      write_table(L, work, depth);
      break;
    default:
      luaL_error(L,
                 "json.encode: a string, a number, a boolean, a table or nil was expected, got %s",
                 luaL_typename(L, -1));
  }
  if (work.out.size() > work.limits.max_bytes || size > work.limits.max_bytes)
    luaL_error(L, "json.encode: the text is more than %d bytes long",
               static_cast<int>(work.limits.max_bytes));
}

int encode(lua_State* L) {
  json_work& work = work_of(L);
  work.tidy();
  lua_settop(L, 1);
  write_value(L, work, 0);
  lua_pushlstring(L, work.out.data(), work.out.size());
  return 1;
}

// -- reading --------------------------------------------------------------------------------------

// Pushes the value at `item` and what it contains; gives the item behind it.
const json_tape::item* push_value(lua_State* L, const json_tape& tape,
                                  const json_tape::item* item) {
  const json_tape::item& it = *item++;
  switch (it.type) {
    case json_tape::kind::null:
      lua_pushnil(L);
      break;
    case json_tape::kind::boolean:
      lua_pushboolean(L, it.number != 0);
      break;
    case json_tape::kind::number:
      lua_pushnumber(L, it.number);
      break;
    case json_tape::kind::text:
      lua_pushlstring(L, tape.texts.data() + it.offset, it.size);
      break;
    case json_tape::kind::array:
      luaL_checkstack(L, 4, "json.decode");
      lua_createtable(L, static_cast<int>(it.size), 0);
      for (uint32_t i = 0; i < it.size; ++i) {
        item = push_value(L, tape, item);
        lua_rawseti(L, -2, static_cast<int>(i + 1));
      }
      break;
    case json_tape::kind::object:
      luaL_checkstack(L, 4, "json.decode");
      lua_createtable(L, 0, static_cast<int>(it.size / 2));
      for (uint32_t i = 0; i < it.size; i += 2) {
        item = push_value(L, tape, item);
        item = push_value(L, tape, item);
        lua_rawset(L, -3);
      }
      break;
  }
  return item;
}

// True if the tape is full; else `why` says what is wrong. No Lua in here.
bool read(json_work& work, std::string_view text) {
  const auto done = read_json(text, work.limits.max_depth, work.tape);
  if (!done)
    work.why = done.failure().what;
  return static_cast<bool>(done);
}

int decode(lua_State* L) {
  json_work& work = work_of(L);
  if (lua_type(L, 1) != LUA_TSTRING)
    return luaL_error(L, "json.decode: argument 1 (text): a string was expected, got %s",
                      binding::type_name(L, 1));
  size_t size = 0;
  const char* const text = lua_tolstring(L, 1, &size);
  work.tidy();
  if (size > work.limits.max_bytes) {
    lua_pushnil(L);
    lua_pushfstring(L, "json.decode: the text is more than %d bytes long",
                    static_cast<int>(work.limits.max_bytes));
    return 2;
  }
  if (!read(work, {text, size})) {
    lua_pushnil(L);
    lua_pushfstring(L, "json.decode: %s", work.why.c_str());
    return 2;
  }
  push_value(L, work.tape, work.tape.items.data());
  return 1;
}

void push_function(lua_State* L, const char* name, lua_CFunction function) {
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

} // namespace

void push_json(lua_State* L, const json_limits& limits) {
  void* const place = lua_newuserdata(L, sizeof(json_work));
  new (place) json_work{limits};
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, collect_work);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_createtable(L, 0, 2);
  push_function(L, "encode", encode);
  push_function(L, "decode", decode);
  lua_remove(L, -2);
}

} // namespace flowactors
