#pragma once

#include "lua/call_guard.hpp"

#include <cstdint>

struct lua_State;

namespace flowactors {

/// What scripts' checks look at besides the clock and the memory: texts that grew long by `..`,
/// which is no function that could be bounded, and calls within each other. One for each VM, at an
/// address that stays.
class safe_point {
public:
  /// Bytes of a text; the buffer in which it was made tells (vm_memory::watch_texts).
  static constexpr size_t longest_text = size_t{2} << 20;

  /// `recursion` = calls within each other, of a coroutine; `deepest_stack` or more = not looked
  /// at.
  safe_point(call_guard& guard, uint32_t recursion) noexcept;
  safe_point(const safe_point&) = delete;

  /// Raises the limit error of the current call if it is due. To be called by a function of Lua
  /// that the script's text calls.
  void inspect(lua_State* state) const;

private:
  static void on_long_text(void* self) noexcept;

  call_guard& guard_;
  uint32_t recursion_;
  uint64_t long_turn_ = UINT64_MAX; // the call that made a long text
  int32_t long_place_ = -1;
};

/// Adds `inspect()` to the table on top of the stack. May raise.
void push_safe_point(lua_State* state, safe_point& point);

} // namespace flowactors
