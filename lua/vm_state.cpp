#include "lua/vm_state.hpp"

#include "lua/chunks.hpp"
#include "lua/compiler.hpp"
#include "lua/emission.hpp"
#include "lua/helpers/compiled_calls.hpp"
#include "lua/helpers/helpers.hpp"
#include "lua/helpers/json.hpp"
#include "lua/name_lists.hpp"

#include <lua.hpp>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>

namespace flowactors {

namespace {

void set(lua_State* L, const char* key, std::string_view text) {
  lua_pushlstring(L, text.data(), text.size());
  lua_setfield(L, -2, key);
}

void push_chunks(lua_State* L) {
  lua_newtable(L);
  for (const auto& [name, text] : chunks::all)
    set(L, name, text);
  lua_setfield(L, -2, "chunks");
}

// The paths of a plan, in strings that outlive a Lua error.
struct state_texts {
  const vm_plan& plan;
  std::string installed = std::filesystem::path{plan.root}.parent_path().string();
  std::string lua_folder = plan.root + "/lua";
  std::string callbacks = plan.root + "/callbacks";
  std::string modules_folder = plan.root + "/lua/modules";
  std::string modules = plan.folder + "/?.lua;" + modules_folder + "/?.lua";
};

void push_host(lua_State* L, const state_texts& texts) {
  const vm_plan& plan = texts.plan;
  lua_newtable(L);
  push_flow_access(L, plan.access);
  push_names(L, plan.names, plan.access.old_names);
  push_host_functions(L, plan.host);
  push_guard(L, plan.guard);
  push_safe_point(L, plan.point);
  push_lifecycle(L, plan.lifecycle);
  push_emission(L, plan.access, plan.host);
  push_compiler(L, plan.host);
  push_cache_functions(L, plan.cache);
  push_json(L, {.budget = &plan.host.budget});
  lua_setfield(L, -2, "json");
  push_helpers(L, plan.helpers);
  lua_setfield(L, -2, "helpers");
  push_compiled_calls(L);
  push_chunks(L);
  lua_newtable(L);
  set(L, "installdir", texts.installed);
  set(L, "workingdir", texts.installed);
  set(L, "scriptdir", texts.lua_folder);
  set(L, "httpdocsdir", plan.root);
  set(L, "callbacksdir", texts.callbacks);
  lua_setfield(L, -2, "dirs");
  lua_createtable(L, 2, 0);
  lua_pushlstring(L, plan.folder.data(), plan.folder.size());
  lua_rawseti(L, -2, 1);
  lua_pushlstring(L, texts.modules_folder.data(), texts.modules_folder.size());
  lua_rawseti(L, -2, 2);
  lua_setfield(L, -2, "folders");
  set(L, "context", plan.context);
  set(L, "module_path", texts.modules);
  set(L, "version", FLOWACTORS_VERSION);
  lua_pushboolean(L, plan.jit ? 1 : 0);
  lua_setfield(L, -2, "jit");
  lua_pushboolean(L, plan.trusted ? 1 : 0);
  lua_setfield(L, -2, "trusted");
  lua_pushinteger(L, getpid());
  lua_setfield(L, -2, "pid");
}

// Takes the texts; gives what chunks/start.lua gives.
int start(lua_State* L) {
  const auto& texts = *static_cast<const state_texts*>(lua_touserdata(L, 1));
  luaL_openlibs(L);
  luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | (texts.plan.jit ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
  if (luaL_loadbuffer(L, chunks::start, sizeof(chunks::start) - 1, "=start") != 0)
    return lua_error(L);
  push_host(L, texts);
  lua_call(L, 1, 3);
  return 3;
}

} // namespace

bool has_executable_memory() noexcept {
  const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* page = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return false;
  const bool allowed = mprotect(page, size, PROT_READ | PROT_EXEC) == 0;
  munmap(page, size);
  return allowed;
}

result<lua_State*> open_state(const vm_plan& plan) {
  lua_State* L = luaL_newstate();
  if (L == nullptr)
    return error{ec::out_of_resources, "no memory for a Lua VM"};
  plan.guard.memory().watch(L);
  state_texts texts{plan};
  lua_pushcfunction(L, start);
  lua_pushlightuserdata(L, &texts);
  const int failed = lua_pcall(L, 1, 3, 0);
  if (failed == 0 && lua_isfunction(L, 1))
    return L;
  const char* what = lua_tostring(L, failed != 0 ? -1 : 2);
  error failure{failed == LUA_ERRMEM ? ec::out_of_resources : ec::bad_library,
                std::string{"LuaJIT can't be used: "} + (what != nullptr ? what : "unknown error")};
  plan.guard.memory().close(L);
  return failure;
}

} // namespace flowactors
