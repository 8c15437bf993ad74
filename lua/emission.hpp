#pragma once

struct lua_State;

namespace flowactors {

struct flow_access;
struct host_state;

/// Adds to the table on top of the stack the C side of `emit`: `emit(value, script)`, which is
/// false if the text is to be written as a line, and `emitted`, where that text is found. May
/// raise.
void push_emission(lua_State* state, flow_access& access, host_state& host);

} // namespace flowactors
