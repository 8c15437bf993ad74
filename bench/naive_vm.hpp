#pragma once

#include "bench/naive_methods.hpp"

#include <memory>
#include <string>
#include <vector>

namespace flowactors::bench {

/// The calling design of 2017, written anew: the flow goes in as a global light userdata, the
/// callback is fetched by name, a loader's closure calls the scripts' functions, and the methods of
/// `flow` are C functions that build tables field by field. What scripts write goes to /dev/null.
class naive_vm {
public:
  naive_vm(const std::vector<std::string>& scripts, const catalog& names, const char* text_arena);
  naive_vm(const std::string& script, const catalog& names, const char* text_arena)
    : naive_vm(std::vector{script}, names, text_arena) {}
  ~naive_vm();
  naive_vm(const naive_vm&) = delete;

  /// Nothing happens if no script has that callback.
  void handle(const char* callback, flow_record& flow);

private:
  lua_State* L_;
  std::unique_ptr<naive_state> state_;
};

} // namespace flowactors::bench
