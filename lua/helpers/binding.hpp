#pragma once

#include "lua/helpers/saved_bytes.hpp"
#include "lua/limit_error.hpp"

#include <lua.hpp>

#include <new>
#include <span>

// What the helpers' C functions share. All of it may raise a Lua error, which unwinds without
// destructors: nothing here or in the functions holds an object that needs one.

namespace flowactors::binding {

/// A key of the table that a helper is made from. Times are in seconds.
struct option {
  enum class kind : uint8_t { seconds, whole, flag };

  const char* name;
  kind type;
  double least;
  double most;
  double value; ///< the default, then what the table says

  int64_t ns() const noexcept { return static_cast<int64_t>(value * 1e9); }
  uint32_t number() const noexcept { return static_cast<uint32_t>(value); }
};

/// Reads the table at 1, or takes the defaults if nothing is there. A key that is neither among the
/// options nor `from` is an error.
void read_options(lua_State* L, const char* helper, std::span<option> options);

/// The text of option `from`, or an empty view without data.
std::string_view saved_state(lua_State* L, const char* helper);

/// An argument that is a key or a value. It must stay where it is.
class scalar_argument {
public:
  /// `who` is "window_counter:add", `index` the argument's place on the stack, where the object is
  /// 1; `what` is its name.
  scalar_argument(lua_State* L, int index, const char* who, const char* what,
                  bool booleans = false);
  operator scalar() const noexcept { return value_; }

private:
  double number_ = 0;
  char flag_ = 0;
  scalar value_;
};

double number_argument(lua_State* L, int index, const char* who, const char* what,
                       double otherwise);

/// Seconds as nanoseconds; packet time if it is not there.
int64_t time_argument(lua_State* L, int index, const char* who, const helper_memory& memory);

void push_scalar(lua_State* L, scalar value);

/// "got X" for messages.
const char* type_name(lua_State* L, int index);

[[noreturn]] void raise_no_object(lua_State* L, const char* who);
[[noreturn]] void raise_full(lua_State* L, const char* who, const helper_memory& memory);
void check_restored(lua_State* L, const char* helper, restored outcome,
                    const helper_memory& memory);

/// What it takes to save or to restore a byte, at most: in one go, since there is no way out of it.
inline constexpr int64_t saving_ns = 2;

/// A helper in a userdata.
template <class T>
struct object {
  helper_memory& memory;
  T helper;
};

/// The object that a method was called on. The method's first upvalue is the metatable.
template <class T>
object<T>& self(lua_State* L, const char* who) {
  if (lua_type(L, 1) != LUA_TUSERDATA || lua_getmetatable(L, 1) == 0)
    raise_no_object(L, who);
  if (lua_rawequal(L, -1, lua_upvalueindex(1)) == 0)
    raise_no_object(L, who);
  lua_pop(L, 1);
  return *static_cast<object<T>*>(lua_touserdata(L, 1));
}

template <class T>
int collect(lua_State* L) {
  static_cast<object<T>*>(lua_touserdata(L, 1))->~object<T>();
  return 0;
}

/// The upvalues of a function that makes objects: the memory, the metatable, the table of all
/// objects.
inline helper_memory& memory_of(lua_State* L) {
  return *static_cast<helper_memory*>(lua_touserdata(L, lua_upvalueindex(1)));
}

/// Leaves a new object on the stack; it takes over what the option `from` has saved.
template <class T, class... Arguments>
object<T>& make(lua_State* L, const char* helper, const Arguments&... arguments) {
  helper_memory& memory = memory_of(L);
  void* const place = lua_newuserdata(L, sizeof(object<T>));
  auto& made = *new (place) object<T>{memory, T{memory, arguments...}};
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_pushboolean(L, 1);
  lua_rawset(L, lua_upvalueindex(3));
  if (const std::string_view bytes = saved_state(L, helper); bytes.data() != nullptr) {
    require_time(L, static_cast<int64_t>(bytes.size()) * saving_ns);
    const std::string_view body = unseal(bytes, T::letter);
    byte_reader in{body};
    check_restored(L, helper, body.data() == nullptr ? restored::damaged : made.helper.restore(in),
                   memory);
  }
  return made;
}

/// object:save() -> bytes
template <class T>
int save(lua_State* L) {
  const T& helper = self<T>(L, "save").helper;
  byte_writer counter;
  helper.save(counter);
  require_time(L, static_cast<int64_t>(counter.size()) * saving_ns);
  char* const out = static_cast<char*>(lua_newuserdata(L, counter.size() + seal_size));
  byte_writer writer{out + 8};
  helper.save(writer);
  seal(out, writer.size(), T::letter);
  lua_pushlstring(L, out, writer.size() + seal_size);
  return 1;
}

/// object:clear()
template <class T>
int clear(lua_State* L) {
  self<T>(L, "clear").helper.clear();
  return 0;
}

/// object:evicted() -> number
template <class T>
int evicted(lua_State* L) {
  lua_pushnumber(L, static_cast<lua_Number>(self<T>(L, "evicted").helper.evicted()));
  return 1;
}

/// object:size([when]) -> number
template <class T>
int size(lua_State* L) {
  auto& it = self<T>(L, "size");
  lua_pushnumber(L, it.helper.size(time_argument(L, 2, "size", it.memory)));
  return 1;
}

/// Pushes the function `maker` with its upvalues. Scripts see nothing of the metatable; what is no
/// method is an error with the nearest name. The metatable's `known` has every object as a key,
/// weakly: so compiled methods tell an object of this kind from others.
void push_maker(lua_State* L, helper_memory& memory, const char* helper, lua_CFunction maker,
                lua_CFunction collector, std::span<const luaL_Reg> methods);

} // namespace flowactors::binding
