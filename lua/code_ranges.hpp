#pragma once

#include <cstdint>

namespace flowactors::code_ranges {

/// Reads which addresses hold which program's code. Not for signal handlers.
void refresh() noexcept;

/// True if `address` is code of LuaJIT, or of no loaded object: then it is what LuaJIT compiled.
/// May be called in a signal handler.
bool may_leave(uintptr_t address) noexcept;

} // namespace flowactors::code_ranges
