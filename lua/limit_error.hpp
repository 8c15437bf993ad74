#pragma once

struct lua_State;

namespace flowactors {

/// Raises the error of a broken limit, "limit: KIND: TEXT", that no pcall, coroutine or handler of
/// a script can hold: the call is over. `kind` is one of the names of limit_kind; `text` says what
/// was too much. The caller must hold nothing that has a destructor.
[[noreturn]] void raise_limit(lua_State* state, const char* kind, const char* text);

/// Raises the error of the deadline or the memory if it is due; for C functions that work long,
/// every so many thousand steps. Reads a clock.
void check_limits(lua_State* state);

/// Raises "C stack overflow" if such calls lie too deep within each other; for C functions that
/// call Lua, which may call them again. LuaJIT does not see to the end of that stack.
void check_depth(lua_State* state);

} // namespace flowactors
