#pragma once

#include "lua/instrumenter.hpp"

#include <lua.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace flowactors::test {

/// Runs Lua text in a state of its own, as it stands or instrumented, and keeps what `print` gets.
/// The global `chunk` is the text's own function.
class lua_run {
public:
  /// What came of it.
  struct outcome {
    bool loaded = false;
    bool done = false;    ///< ran to its end without an error
    std::string message;  ///< of the error
    std::string printed;  ///< what print got, then the values that the chunk returned
    uint64_t refills = 0; ///< calls of slow()
    bool stopped = false; ///< slow() raised
  };

  /// `refills`: so many times slow() gives `allowance` turns more, then it raises for ever.
  lua_run(bool jit, int64_t refills, int allowance = 1000)
    : left_(refills), allowance_(allowance), state_(luaL_newstate()) {
    luaL_openlibs(state_);
    luaJIT_setmode(state_, 0, LUAJIT_MODE_ENGINE | (jit ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
    push_method(print);
    lua_setglobal(state_, "print");
  }
  ~lua_run() { lua_close(state_); }
  lua_run(const lua_run&) = delete;

  lua_State* state() { return state_; }

  outcome plain(std::string_view text) {
    if (load(text))
      call(0);
    return out_;
  }

  outcome instrumented(std::string_view text) {
    if (!load(text))
      return out_;
    lua_pop(state_, 1);
    auto made = instrument(text, "=t");
    if (!made) {
      out_.loaded = false;
      out_.message = made.failure().what;
      return out_;
    }
    if (!load(*made))
      return out_;
    lua_pushinteger(state_, allowance_);
    push_method(slow);
    lua_call(state_, 2, 1);
    call(0);
    return out_;
  }

private:
  static lua_run& self(lua_State* L) {
    return *static_cast<lua_run*>(lua_touserdata(L, lua_upvalueindex(1)));
  }

  static int slow(lua_State* L) {
    lua_run& run = self(L);
    ++run.out_.refills;
    if (run.left_-- <= 0) {
      run.out_.stopped = true;
      return luaL_error(L, "out of turns");
    }
    lua_pushinteger(L, run.allowance_);
    return 1;
  }

  static int print(lua_State* L) {
    self(L).note(L, 1);
    return 0;
  }

  // Addresses differ between two states: only the type of what has one is kept.
  void note(lua_State* L, int first) {
    const int last = lua_gettop(L);
    for (int i = first; i <= last; ++i) {
      const int type = lua_type(L, i);
      if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        lua_pushvalue(L, i);
        size_t size = 0;
        const char* text = lua_tolstring(L, -1, &size);
        out_.printed.append(text, size);
        lua_pop(L, 1);
      } else if (type == LUA_TBOOLEAN) {
        out_.printed += lua_toboolean(L, i) ? "true" : "false";
      } else {
        out_.printed += lua_typename(L, type);
      }
      out_.printed += i == last ? '\n' : '\t';
    }
  }

  void push_method(lua_CFunction function) {
    lua_pushlightuserdata(state_, this);
    lua_pushcclosure(state_, function, 1);
  }

  bool load(std::string_view text) {
    out_.loaded = luaL_loadbufferx(state_, text.data(), text.size(), "=t", "t") == 0;
    if (!out_.loaded)
      keep_message();
    return out_.loaded;
  }

  void keep_message() {
    const char* text = lua_tostring(state_, -1);
    out_.message = text ? text : luaL_typename(state_, -1);
    lua_pop(state_, 1);
  }

  void call(int base) {
    lua_pushvalue(state_, -1);
    lua_setglobal(state_, "chunk");
    lua_pushliteral(state_, "one");
    lua_pushinteger(state_, 2);
    out_.done = lua_pcall(state_, 2, LUA_MULTRET, 0) == 0;
    if (out_.done)
      note(state_, base + 1);
    else
      keep_message();
    lua_settop(state_, base);
  }

  int64_t left_;
  int allowance_;
  lua_State* state_;
  outcome out_;
};

} // namespace flowactors::test
