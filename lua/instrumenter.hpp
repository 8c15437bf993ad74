#pragma once

#include "capture/result.hpp"

#include <string>
#include <string_view>

namespace flowactors {

/// Puts a countdown into Lua source text: at each turn of a loop, each call of the chunk or of a
/// function that does anything and each goto a counter goes down, and below zero a function is
/// called that checks the limits and gives the next allowance. Everything stays on its line, so
/// that messages name the right one, and the JIT goes on compiling.
///
/// `text` must be a whole chunk that loadstring accepts. The result is a chunk that is called once,
/// as `factory(allowance, check)`, and returns the user's chunk as a function; `check()` raises an
/// error or returns the next allowance. `chunk` names the text in errors.
///
/// Refused with `bad_script` and "chunk:line: message": names that begin with __fa_ (the counter's
/// own), `goto` as a name, and text that closes a block which it did not open. Each function has
/// two upvalues less than LuaJIT's 60, and the checks take room: text at LuaJIT's own bounds can
/// pass here and be refused when the result is compiled.
result<std::string> instrument(std::string_view text, std::string_view chunk);

/// What compiling an instrumented text failed with, for people who have not seen that text.
std::string explain_refusal(std::string_view message);

} // namespace flowactors
