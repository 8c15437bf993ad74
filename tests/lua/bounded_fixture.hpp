#pragma once

#include "lua/bounded_library.hpp"
#include "lua/call_guard.hpp"

#include <lua.hpp>

#include <string>

namespace flowactors::test {

/// A VM with the bounded functions beside Lua's own: `bounded.string`, `bounded.table`.
class bounded_vm {
public:
  explicit bounded_vm(bounded_budget budget = {}) : budget_(budget), state_(luaL_newstate()) {
    luaL_openlibs(state_);
    push_bounded_library(state_, budget_);
    lua_setglobal(state_, "bounded");
  }
  bounded_vm(const bounded_vm&) = delete;
  ~bounded_vm() { lua_close(state_); }

  /// What the text returns, as a text; or "error: " and the message.
  std::string run(const std::string& text) {
    lua_settop(state_, 0);
    const bool failed = luaL_loadbuffer(state_, text.data(), text.size(), "=t") != 0
                        || lua_pcall(state_, 0, 1, 0) != 0;
    size_t size = 0;
    const char* said = lua_tolstring(state_, -1, &size);
    const std::string out = said != nullptr ? std::string{said, size} : std::string{"nothing"};
    return failed ? "error: " + out : out;
  }

  lua_State* state() { return state_; }

private:
  bounded_budget budget_;
  lua_State* state_;
};

} // namespace flowactors::test
