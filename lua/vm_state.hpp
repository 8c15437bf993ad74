#pragma once

#include "capture/result.hpp"
#include "lua/cache_functions.hpp"
#include "lua/call_guard.hpp"
#include "lua/flow_methods.hpp"
#include "lua/helpers/helper_memory.hpp"
#include "lua/host_functions.hpp"
#include "lua/safe_point.hpp"
#include "lua/script_lifecycle.hpp"

#include <string>

struct lua_State;

namespace flowactors {

/// What a Lua state is built from. Paths are absolute.
struct vm_plan {
  flow_access& access;
  host_state& host;
  helper_memory& helpers;
  cache_state& cache;
  const catalog* names;
  call_guard& guard;
  safe_point& point;
  lifecycle_state& lifecycle;
  bool jit;
  bool trusted;
  std::string context;
  std::string root;   ///< scripts/
  std::string folder; ///< scripts/callbacks/user_scripts/CONTEXT
};

/// True if this process may run code that it wrote. Hardened systems refuse it, and LuaJIT would
/// end the process then.
bool has_executable_memory() noexcept;

/// Opens a state, whose memory the guard watches, and runs the chunks. On success its stack holds
/// at 1 the function that loads a script (name, text, number), at 2 the one that hands written
/// bytes over, at 3 the buffer where they wait.
result<lua_State*> open_state(const vm_plan& plan);

} // namespace flowactors
