#pragma once

#include <string>

namespace flowactors {

/// LuaJIT's version when this was compiled, and as the loaded library says (`jit.version`).
std::string luajit_built();
std::string luajit_running();

} // namespace flowactors
