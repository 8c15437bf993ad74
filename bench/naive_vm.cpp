#include "bench/naive_vm.hpp"

#include <lua.hpp>

#include <cstdio>
#include <cstdlib>

namespace flowactors::bench {

namespace {

constexpr char loader[] = R"(
io.output("/dev/null")
local hooks = {}
return function(exported)
  for name, callback in pairs(exported) do
    if hooks[name] == nil then
      hooks[name] = {}
      _G[name] = function(...)
        for _, hook in pairs(hooks[name]) do hook(unpack(arg or {})) end
      end
    end
    hooks[name][#hooks[name] + 1] = callback
  end
end
)";

void fail(lua_State* L, const char* what) {
  std::fprintf(stderr, "naive VM, %s: %s\n", what, lua_tostring(L, -1));
  std::exit(1);
}

} // namespace

naive_vm::naive_vm(const std::vector<std::string>& scripts, const catalog& names,
                   const char* text_arena)
  : L_(luaL_newstate()), state_(new naive_state{names, flow_facts{&names}}) {
  state_->cursor.text_arena = text_arena;
  luaL_openlibs(L_);
  open_naive_methods(L_, *state_);
  if (luaL_loadstring(L_, loader) != 0 || lua_pcall(L_, 0, 1, 0) != 0)
    fail(L_, "loader");
  for (const std::string& script : scripts) {
    lua_pushvalue(L_, 1);
    if (luaL_loadstring(L_, script.c_str()) != 0 || lua_pcall(L_, 0, 1, 0) != 0
        || lua_pcall(L_, 1, 0, 0) != 0)
      fail(L_, "loading");
  }
}

naive_vm::~naive_vm() {
  lua_close(L_);
}

void naive_vm::handle(const char* callback, flow_record& flow) {
  lua_settop(L_, 0);
  lua_pushlightuserdata(L_, &flow);
  lua_setglobal(L_, "global_flow");
  state_->cursor.now_ns = flow.last_seen_ns;
  lua_getglobal(L_, callback);
  if (!lua_isnil(L_, -1) && lua_pcall(L_, 0, 0, 0) != 0)
    fail(L_, callback);
}

} // namespace flowactors::bench
