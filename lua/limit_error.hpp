#pragma once

#include <cstddef>
#include <cstdint>

struct lua_State;

namespace flowactors {

/// Raises the error of a broken limit, "limit: KIND: TEXT", that no pcall, coroutine or handler of
/// a script can hold: the call is over. `kind` is one of the names of limit_kind; `text` says what
/// was too much. The caller must hold nothing that has a destructor.
[[noreturn]] void raise_limit(lua_State* state, const char* kind, const char* text);

/// Raises the error of the deadline or the memory if it is due; for C functions that work long,
/// every so many thousand steps. Reads a clock.
void check_limits(lua_State* state);

/// Raises the error of the deadline if a call may never take as long as `ns`; for work that can't
/// be interrupted.
void require_time(lua_State* state, int64_t ns);

/// True if check_limits may have something to raise: then whoever holds what needs a destructor
/// should come to an end, and ask.
bool limits_due(lua_State* state) noexcept;

/// Cuts the text at `index` of the stack to what an error may say; with a traceback it is copied
/// several times.
void shorten_message(lua_State* state, int index);

/// Raises "C stack overflow" if such calls lie too deep within each other; for C functions that
/// call Lua, which may call them again. LuaJIT does not see to the end of that stack.
void check_depth(lua_State* state);

/// Bytes of an error's message that are told.
inline constexpr size_t longest_message = 4096;

} // namespace flowactors
