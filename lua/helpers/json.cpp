#include "lua/helpers/json.hpp"

#include "lua/bounded_library.hpp"
#include "lua/helpers/binding.hpp"
#include "lua/helpers/json_text.hpp"
#include "lua/helpers/json_writer.hpp"
#include "lua/limit_error.hpp"

namespace flowactors {

namespace {

/// What encode and decode work in. It is in a userdata: an error leaves it to the collector.
struct json_work {
  explicit json_work(const json_limits& most) : limits(most), writer(most) {}

  /// Gives back what a great text has taken.
  void tidy() {
    constexpr size_t usual = 65536;
    if (tape.texts.capacity() > usual || tape.items.capacity() * sizeof(json_tape::item) > usual)
      tape = {};
  }

  json_limits limits;
  json_writer writer;
  json_tape tape;
  std::string why;
};

json_work& work_of(lua_State* L) {
  return *static_cast<json_work*>(lua_touserdata(L, lua_upvalueindex(1)));
}

// Counts work, in units of about 5 ns; may raise.
void count(lua_State* L, const json_work& work, size_t units) {
  if (work.limits.budget != nullptr)
    spend(L, *work.limits.budget, units);
}

int collect_work(lua_State* L) {
  static_cast<json_work*>(lua_touserdata(L, 1))->~json_work();
  return 0;
}

int encode(lua_State* L) {
  lua_settop(L, 1);
  const std::string_view text = work_of(L).writer.write(L, 1, {});
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

// Pushes the value at `item` and what it contains; gives the item behind it.
const json_tape::item* push_value(lua_State* L, const json_work& work,
                                  const json_tape::item* item) {
  const json_tape::item& it = *item++;
  count(L, work, 16);
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
      lua_pushlstring(L, work.tape.texts.data() + it.offset, it.size);
      break;
    case json_tape::kind::array:
      luaL_checkstack(L, 4, "json.decode");
      lua_createtable(L, static_cast<int>(it.size), 0);
      for (uint32_t i = 0; i < it.size; ++i) {
        item = push_value(L, work, item);
        lua_rawseti(L, -2, static_cast<int>(i + 1));
      }
      break;
    case json_tape::kind::object:
      luaL_checkstack(L, 4, "json.decode");
      lua_createtable(L, 0, static_cast<int>(it.size / 2));
      for (uint32_t i = 0; i < it.size; i += 2) {
        item = push_value(L, work, item);
        item = push_value(L, work, item);
        lua_rawset(L, -3);
      }
      break;
  }
  return item;
}

enum class reading : uint8_t { done, failed, stopped };

// Fills the tape, or says in `why` what is wrong. Nothing in here raises.
reading read(lua_State* L, json_work& work, std::string_view text) {
  const std::function<bool()> goes_on = [L, &work] {
    return work.limits.budget == nullptr || !limits_due(L);
  };
  const auto done =
    read_json(text, {work.limits.max_depth, work.limits.max_values, goes_on}, work.tape);
  if (done)
    return reading::done;
  work.why = done.failure().what;
  return done.failure().code == ec::out_of_resources ? reading::stopped : reading::failed;
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
  count(L, work, size);
  auto outcome = read(L, work, {text, size});
  while (outcome == reading::stopped) {
    check_limits(L); // the clock of the wall has no last word
    outcome = read(L, work, {text, size});
  }
  if (outcome == reading::failed) {
    lua_pushnil(L);
    lua_pushfstring(L, "json.decode: %s", work.why.c_str());
    return 2;
  }
  push_value(L, work, work.tape.items.data());
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
