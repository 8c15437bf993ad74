#include "lua/script_vm_impl.hpp"

#include <algorithm>

namespace flowactors {

namespace {

// Bytes that may be allocated between two collections of a small heap, in KiB: marking the same few
// hundred KiB again and again would cost more than the scripts.
constexpr size_t least_slack_kb = 4096;

// The heap may grow by this beyond what lives before it is collected again: by four times as much,
// so that little is marked for what is swept, but by no more than a quarter of what it may hold.
size_t slack_kb(size_t live_kb, size_t most_bytes) noexcept {
  const size_t wanted = std::min(std::max(4 * live_kb, least_slack_kb), most_bytes / 4096);
  return std::max(live_kb, wanted);
}

} // namespace

int script_vm::impl::on_collect(lua_State* L) {
  lua_pushinteger(L, lua_gc(L, LUA_GCSTEP, static_cast<int>(lua_tointeger(L, 1))));
  return 1;
}

/// After the scripts were loaded.
void script_vm::impl::settle_heap() noexcept {
  lua_gc(L, LUA_GCCOLLECT, 0);
  live_kb = seen_kb = static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0));
  collecting = false;
  set_pause();
  lua_gc(L, LUA_GCCOLLECT, 0); // the pause counts from the end of a collection
}

// The collector also runs by itself when the heap has grown by its pause; between bursts it is
// driven on ahead of that.
void script_vm::impl::collect() noexcept {
  const auto now_kb = static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0));
  const size_t grown = now_kb > seen_kb ? now_kb - seen_kb : 0;
  const size_t slack = slack_kb(live_kb, guard.memory().most());
  collecting = collecting || now_kb >= live_kb + slack * 3 / 4;
  if (collecting) {
    set_pause();
    lua_pushvalue(L, collect_step);
    lua_pushinteger(L, static_cast<lua_Integer>(std::clamp<size_t>(grown, 16, 1024)));
    current = nullptr;
    if (lua_pcall(L, 1, 1, error_handler) != 0) // a finalizer of a script failed
      output->fault("", "collector", message_at(L, -1), 1);
    else if (lua_tointeger(L, -1) == 1) {
      collecting = false;
      live_kb = static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0));
    } else {
      hold_collector(slack);
    }
    lua_pop(L, 1);
  }
  seen_kb = static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0));
}

// After a step LuaJIT goes on by itself at each KiB that is allocated, in the scripts' time. It
// would end its round there unseen, and the next step from here would begin another one, again and
// again.
void script_vm::impl::hold_collector(size_t slack) noexcept {
  const auto now_kb = std::max<size_t>(static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0)), 64);
  lua_gc(L, LUA_GCSETPAUSE, static_cast<int>(100 * (now_kb + slack) / now_kb));
  lua_gc(L, LUA_GCRESTART, -1); // from now on, by that pause
  set_pause();
}

void script_vm::impl::set_pause() noexcept {
  const auto now_kb = std::max<size_t>(static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0)), 64);
  const size_t live = std::min(std::max<size_t>(live_kb, 64), now_kb);
  lua_gc(L, LUA_GCSETPAUSE,
         static_cast<int>(100 * (live + slack_kb(live, guard.memory().most())) / live));
}

} // namespace flowactors
