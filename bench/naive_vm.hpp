#pragma once

#include "capture/event.hpp"
#include "lua/flow_facts.hpp"

#include <string>

struct lua_State;

namespace flowactors::bench {

/// The calling design of 2017, written anew: the flow goes in as a global light userdata, the
/// callback is fetched by name, a loader's closure calls the scripts' functions, and the methods of
/// `flow` are C functions that build tables field by field.
class naive_vm {
public:
  naive_vm(const std::string& script, const catalog& names, const char* text_arena);
  ~naive_vm();
  naive_vm(const naive_vm&) = delete;

  void handle(const char* callback, flow_record& flow);

private:
  struct state;
  lua_State* L_;
  state* state_;
};

} // namespace flowactors::bench
