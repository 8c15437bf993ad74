#pragma once

#include <lua.hpp>

#include <type_traits>

namespace flowactors {

/// Sets a field of the table on top of the stack to a boolean, a number or a light userdata. May
/// raise.
template <class T>
void set_field(lua_State* L, const char* key, T value) {
  if constexpr (std::is_same_v<T, bool>)
    lua_pushboolean(L, value ? 1 : 0);
  else if constexpr (std::is_pointer_v<T>)
    lua_pushlightuserdata(L, const_cast<void*>(static_cast<const void*>(value)));
  else
    lua_pushnumber(L, static_cast<lua_Number>(value));
  lua_setfield(L, -2, key);
}

} // namespace flowactors
