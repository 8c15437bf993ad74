#pragma once

struct lua_State;

namespace flowactors {

/// A Lua C function: takes the lists of names in the order of chunks/flow.lua, gives the table of
/// the methods of `flow`, for systems where nothing can be compiled. Its upvalue is the flow_access
/// as light userdata.
int native_methods(lua_State* state);

} // namespace flowactors
