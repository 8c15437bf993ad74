#pragma once

#include "capture/versions.hpp"

namespace flowactors {

/// LuaJIT's version at build, and as `jit.version` says now.
library_version luajit_version();

} // namespace flowactors
