#include "lua/script_vm_impl.hpp"

#include <numeric>

namespace flowactors {

namespace {

// Events after which what a VM meets is like what it goes on to meet.
constexpr uint64_t settling_events = 16384;

uint64_t sum_of(const std::array<uint64_t, event_kind_count>& counts) noexcept {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

} // namespace

/// A VM was built.
void script_vm::impl::await_settling() noexcept {
  compile_at = jit ? sum_of(handled) + settling_events : 0;
}

// A loop is compiled along the first events that it sees. To those everything is new: no text is
// kept yet, no name was met. Compiled anew later it follows the usual way, and all else that the
// loop does not change is hoisted out of it. Once, for it costs some milliseconds.
void script_vm::impl::compile_anew() noexcept {
  if (compile_at == 0 || sum_of(handled) < compile_at)
    return;
  compile_at = 0;
  luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
}

} // namespace flowactors
