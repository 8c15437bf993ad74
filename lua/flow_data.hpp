#pragma once

struct lua_State;

namespace flowactors {

struct flow_access;

// What scripts note about flows (flow.data): a table for each script and flow, in the VM.

/// Adds to the table on top of the stack what chunks/fields.lua needs for it. May raise.
///
///   note_data()             from now on ends of flows matter (flow_access::has_data)
///   set_dropper(function)   drops the tables of the cursor's flow
void push_flow_data(lua_State* state, flow_access& access);

/// Drops the tables of the cursor's flow, which has ended. To be called after the last callback.
/// What goes wrong is counted (flow_access::data_faults).
void drop_flow_data(lua_State* state) noexcept;

} // namespace flowactors
