#pragma once

#include "capture/event.hpp"
#include "lua/flow_facts.hpp"

struct lua_State;

namespace flowactors::bench {

/// What the C functions of a naive VM work on.
struct naive_state {
  const catalog& names;
  flow_facts facts;
  script_cursor cursor{};
};

/// Makes the globals `flow`, `print` and `emit`. Each method of `flow` fetches the flow anew;
/// besides those of 2017 there is one for each field that the benchmarks read (`flow.srv_port()`),
/// which is more than scripts had then: they had to go through `flow.dump()`.
void open_naive_methods(lua_State* L, naive_state& state);

} // namespace flowactors::bench
