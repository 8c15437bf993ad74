#pragma once

#include "lua/script_output.hpp"
#include "lua/value_store.hpp"

#include <memory>

struct lua_State;

namespace flowactors {

/// What the functions ntop.*Cache of a VM work on; one for each VM, at an address that stays.
struct cache_state {
  std::shared_ptr<value_store> store;
  script_output* output = nullptr;

  // Answers on their way to Lua: here, so that an error leaves nothing behind.
  std::string text;
  std::vector<std::string> list;
  std::vector<std::pair<std::string, std::string>> pairs;
  bool told_full = false;
};

/// Adds a table `cache` with these functions to the table on top of the stack. May raise.
void push_cache_functions(lua_State* state, cache_state& cache);

} // namespace flowactors
