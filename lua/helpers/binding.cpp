#include "lua/helpers/binding.hpp"

#include "lua/script_folder.hpp"

#include <cmath>
#include <vector>

namespace flowactors::binding {

namespace {

// Pushes " (did you mean X?)", or nothing to say. The names are gone before Lua is called.
template <class NameAt>
void push_advice(lua_State* L, std::string_view name, size_t count, NameAt&& name_at) {
  char best[64] = "";
  {
    std::vector<std::string_view> known;
    for (size_t i = 0; i < count; ++i)
      known.emplace_back(name_at(i));
    const std::string_view found = nearest(name, known);
    best[found.copy(best, sizeof(best) - 1)] = '\0';
  }
  if (best[0] == '\0')
    lua_pushlstring(L, "", 0);
  else
    lua_pushfstring(L, " (did you mean %s?)", best);
}

[[noreturn]] void raise_unknown_option(lua_State* L, const char* helper,
                                       std::span<const option> options) {
  if (lua_type(L, -2) != LUA_TSTRING)
    luaL_error(L, "%s: options have names, got a key of type %s", helper, type_name(L, -2));
  const char* const name = lua_tostring(L, -2);
  push_advice(L, name, options.size() + 1,
              [&](size_t i) { return i < options.size() ? options[i].name : "from"; });
  luaL_error(L, "%s: unknown option '%s'%s", helper, name, lua_tostring(L, -1));
  __builtin_unreachable();
}

void read_number(lua_State* L, const char* helper, option& into) {
  const double value = lua_tonumber(L, -1);
  const bool whole = into.type == option::kind::whole;
  const char* const what = whole ? "a whole number" : "a number of seconds";
  if (lua_type(L, -1) != LUA_TNUMBER)
    luaL_error(L, "%s: option '%s': %s was expected, got %s", helper, into.name, what,
               type_name(L, -1));
  if (!(value >= into.least && value <= into.most) || (whole && value != std::floor(value)))
    luaL_error(L, "%s: option '%s': %s from %f to %f was expected, got %f", helper, into.name, what,
               into.least, into.most, value);
  into.value = value;
}

int unknown_method(lua_State* L) {
  const char* const helper = lua_tostring(L, lua_upvalueindex(1));
  if (lua_type(L, 2) != LUA_TSTRING)
    return luaL_error(L, "%s: it has methods only, got a key of type %s", helper, type_name(L, 2));
  const auto* const methods = static_cast<const luaL_Reg*>(lua_touserdata(L, lua_upvalueindex(2)));
  const auto count = static_cast<size_t>(lua_tointeger(L, lua_upvalueindex(3)));
  push_advice(L, lua_tostring(L, 2), count, [&](size_t i) { return methods[i].name; });
  return luaL_error(L, "%s: no method '%s'%s", helper, lua_tostring(L, 2), lua_tostring(L, -1));
}

int to_text(lua_State* L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  return 1;
}

} // namespace

void read_options(lua_State* L, const char* helper, std::span<option> options) {
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
    return;
  }
  if (lua_type(L, 1) != LUA_TTABLE)
    luaL_error(L, "%s: a table of options was expected, got %s", helper, type_name(L, 1));
  for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
    const std::string_view name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
    option* found = nullptr;
    for (option& each : options)
      if (name == each.name)
        found = &each;
    if (found == nullptr && name != "from")
      raise_unknown_option(L, helper, options);
    if (found == nullptr)
      continue;
    if (found->type != option::kind::flag) {
      read_number(L, helper, *found);
    } else {
      if (lua_type(L, -1) != LUA_TBOOLEAN)
        luaL_error(L, "%s: option '%s': true or false was expected, got %s", helper, found->name,
                   type_name(L, -1));
      found->value = lua_toboolean(L, -1);
    }
  }
}

std::string_view saved_state(lua_State* L, const char* helper) {
  lua_pushliteral(L, "from");
  lua_rawget(L, 1);
  std::string_view out;
  if (lua_type(L, -1) == LUA_TSTRING) {
    size_t size = 0;
    const char* const data = lua_tolstring(L, -1, &size);
    out = {data, size};
  } else if (!lua_isnil(L, -1)) {
    luaL_error(L, "%s: option 'from': a string that save() gave was expected, got %s", helper,
               type_name(L, -1));
  }
  lua_pop(L, 1); // the table keeps it
  return out;
}

scalar_argument::scalar_argument(lua_State* L, int index, const char* who, const char* what,
                                 bool booleans) {
  size_t size = 0;
  switch (lua_type(L, index)) {
    case LUA_TSTRING: {
      const char* const data = lua_tolstring(L, index, &size);
      if (size > kept_scalar::longest)
        luaL_error(L, "%s: argument %d (%s): a string of at most %d bytes was expected, got %d",
                   who, index - 1, what, static_cast<int>(kept_scalar::longest),
                   static_cast<int>(size));
      value_ = {scalar_kind::text, {data, size}};
      return;
    }
    case LUA_TNUMBER:
      number_ = lua_tonumber(L, index) + 0.0; // -0 becomes 0
      if (std::isnan(number_))
        luaL_error(L, "%s: argument %d (%s): not a number (nan)", who, index - 1, what);
      value_ = {scalar_kind::number, {reinterpret_cast<const char*>(&number_), sizeof(number_)}};
      return;
    case LUA_TBOOLEAN:
      if (!booleans)
        break;
      flag_ = lua_toboolean(L, index) != 0 ? 1 : 0;
      value_ = {scalar_kind::boolean, {&flag_, 1}};
      return;
    default:
      break;
  }
  luaL_error(L, "%s: argument %d (%s): %s was expected, got %s", who, index - 1, what,
             booleans ? "a string, a number or a boolean" : "a string or a number",
             type_name(L, index));
}

double number_argument(lua_State* L, int index, const char* who, const char* what,
                       double otherwise) {
  if (lua_isnoneornil(L, index))
    return otherwise;
  if (lua_type(L, index) != LUA_TNUMBER)
    luaL_error(L, "%s: argument %d (%s): a number was expected, got %s", who, index - 1, what,
               type_name(L, index));
  const double value = lua_tonumber(L, index);
  if (!std::isfinite(value))
    luaL_error(L, "%s: argument %d (%s): a finite number was expected, got %f", who, index - 1,
               what, value);
  return value;
}

int64_t time_argument(lua_State* L, int index, const char* who, const helper_memory& memory) {
  constexpr double most = 9e9; // seconds; the year 2255
  if (lua_isnoneornil(L, index))
    return memory.now_ns != nullptr ? *memory.now_ns : 0;
  const double seconds = number_argument(L, index, who, "when", 0);
  if (seconds < -most || seconds > most)
    luaL_error(L, "%s: argument %d (when): seconds since 1970 were expected, got %f", who,
               index - 1, seconds);
  return std::llround(seconds * 1e9);
}

void push_scalar(lua_State* L, scalar value) {
  switch (value.kind) {
    case scalar_kind::none:
      lua_pushnil(L);
      break;
    case scalar_kind::text:
      lua_pushlstring(L, value.bytes.data(), value.bytes.size());
      break;
    case scalar_kind::number:
      lua_pushnumber(L, number_of(value));
      break;
    case scalar_kind::boolean:
      lua_pushboolean(L, value.bytes[0]);
      break;
  }
}

const char* type_name(lua_State* L, int index) {
  return lua_isnone(L, index) ? "nothing" : luaL_typename(L, index);
}

void raise_no_object(lua_State* L, const char* who) {
  luaL_error(L, "%s: it is called on the helper, with a colon", who);
  __builtin_unreachable();
}

void raise_full(lua_State* L, const char* who, const helper_memory& memory) {
  luaL_error(L,
             "%s: no memory: the helpers of all scripts here hold %d KiB and may hold %d KiB "
             "(fewer keys, or a smaller window, need less)",
             who, static_cast<int>(memory.used / 1024), static_cast<int>(memory.max / 1024));
  __builtin_unreachable();
}

void check_restored(lua_State* L, const char* helper, restored outcome,
                    const helper_memory& memory) {
  switch (outcome) {
    case restored::whole:
      return;
    case restored::damaged:
      luaL_error(L, "%s: option 'from': these are not whole bytes that save() of a %s gave", helper,
                 helper);
      break;
    case restored::other_options:
      luaL_error(L, "%s: option 'from': it was saved with another window or precision", helper);
      break;
    case restored::no_memory:
      raise_full(L, helper, memory);
  }
}

void push_maker(lua_State* L, helper_memory& memory, const char* helper, lua_CFunction maker,
                lua_CFunction collector, std::span<const luaL_Reg> methods) {
  lua_pushlightuserdata(L, &memory);
  lua_newtable(L); // the metatable
  lua_newtable(L);
  for (const luaL_Reg& method : methods) {
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, method.func, 1);
    lua_setfield(L, -2, method.name);
  }
  lua_newtable(L);
  lua_pushstring(L, helper);
  lua_pushlightuserdata(L, const_cast<luaL_Reg*>(methods.data()));
  lua_pushinteger(L, static_cast<lua_Integer>(methods.size()));
  lua_pushcclosure(L, unknown_method, 3);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_setfield(L, -2, "__index");
  lua_pushstring(L, helper);
  lua_pushcclosure(L, to_text, 1);
  lua_setfield(L, -2, "__tostring");
  lua_pushcfunction(L, collector);
  lua_setfield(L, -2, "__gc");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_newtable(L); // all objects
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "known");
  lua_pushcclosure(L, maker, 3);
}

} // namespace flowactors::binding
