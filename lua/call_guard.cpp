#include "lua/call_guard.hpp"

#include "lua/call_costs.hpp"
#include "lua/limit_error.hpp"
#include "lua/watchdog.hpp"

#include <lua.hpp>

#include <algorithm>
#include <ctime>
#include <string_view>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define FLOWACTORS_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FLOWACTORS_ASAN
#endif
#endif
#ifdef FLOWACTORS_ASAN
extern "C" void __asan_handle_no_return();
#endif

namespace flowactors {

namespace {

constexpr int32_t no_place = 0;

// AddressSanitizer has to know that the frames above will not return.
void forget_frames() noexcept {
#ifdef FLOWACTORS_ASAN
  __asan_handle_no_return();
#endif
}

int64_t thread_cpu_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

call_guard& guard_at(lua_State* L, int index) noexcept {
  return *static_cast<call_guard*>(lua_touserdata(L, index));
}

int slow(lua_State* L) {
  call_guard& guard = guard_at(L, lua_upvalueindex(1));
  guard.check(L);
  lua_pushinteger(L, guard.next_turns());
  return 1;
}

int recheck(lua_State* L) {
  call_guard& guard = guard_at(L, lua_upvalueindex(1));
  if (guard.broken())
    raise_limit(L, to_string(guard.kind()), "the call has been given up");
  size_t size = 0;
  const char* text = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &size) : "";
  if (std::string_view{text, size}.ends_with("stack overflow"))
    raise_limit(L, to_string(limit_kind::recursion), "stack overflow");
  return 0;
}

const char registry_key = 0;

} // namespace

call_guard::call_guard(const script_limits& limits)
  : place_(&no_place), memory_(limits.memory, on_full, this, &nobodys_) {
  watchdog::add(*this);
}

call_guard::~call_guard() {
  watchdog::remove(*this);
}

void call_guard::leave(exit_reason reason) noexcept {
  reason_ = reason;
  turns_of_script() = 1;
  forget_frames();
  __builtin_longjmp(exit_, 1);
}

void call_guard::on_full(void* self) {
  auto& guard = *static_cast<call_guard*>(self);
  if (guard.armed())
    guard.leave(exit_reason::memory);
}

void call_guard::on_asked(void* self) {
  auto& guard = *static_cast<call_guard*>(self);
  if (guard.armed() && guard.overdue_turn_.load(std::memory_order_relaxed) == guard.turn()
      && guard.overdue_place_.load(std::memory_order_relaxed) == guard.place())
    guard.leave(exit_reason::overdue);
}

void call_guard::check(lua_State* L) {
  if (!armed())
    return; // the program's own Lua, between calls
  if (broken())
    raise_limit(L, to_string(kind_), "the call has been given up");
  check_clock(L);
  if (memory_.used() > memory_.soft() && memory_.used() > collect_above_)
    check_memory(L);
}

// The clock of the wall is cheap, but does not know whether the thread ran.
void call_guard::check_clock(lua_State* L) {
  const int64_t now = clock_ns();
  if (seen_turn_ != turn() || seen_place_ != place()) {
    seen_turn_ = turn();
    seen_place_ = place();
    seen_ns_ = now;
    until_ns_ = now + budget_ns_;
    cpu_ns_ = thread_cpu_ns();
    pardon_ns_ = most_pardon_ns;
    int& turns = turns_of_script(); // short calls share them
    turns = std::min(turns + 1, most_turns);
    return;
  }
  adapt(now - std::exchange(seen_ns_, now));
  if (now < until_ns_)
    return;
  const int64_t left = budget_ns_ - (thread_cpu_ns() - cpu_ns_);
  if (left <= 0)
    raise_limit(L, to_string(limit_kind::deadline), "the call took too long");
  until_ns_ = now + left;
}

bool call_guard::late() const noexcept {
  return seen_turn_ == turn() && seen_place_ == place() && clock_ns() >= until_ns_;
}

// Small after slow turns at once, large again step by step: a text that doubles gets slow suddenly.
void call_guard::adapt(int64_t elapsed_ns) noexcept {
  int& turns = turns_of_script();
  if (elapsed_ns > check_every_ns)
    turns = static_cast<int>(std::max<int64_t>(1, turns * check_every_ns / elapsed_ns));
  else if (elapsed_ns < check_every_ns / 2)
    turns = std::min(turns + turns / 4 + 1, most_turns);
}

// What is garbage goes first: a piece of that work at each check, some of it on nobody's time. When
// it is done an error strikes the script that made the heap grow, not the one that happens to run.
void call_guard::check_memory(lua_State* L) {
  const int64_t start = clock_ns();
  armed_.store(false, std::memory_order_relaxed);
  while (cycles_left_ > 0 && clock_ns() - start < collect_for_ns)
    cycles_left_ -= lua_gc(L, LUA_GCSTEP, 0);
  armed_.store(true, std::memory_order_relaxed);
  const int64_t pardon = std::min(clock_ns() - start, pardon_ns_);
  pardon_ns_ -= pardon;
  until_ns_ += pardon;
  cpu_ns_ += pardon;
  if (cycles_left_ > 0)
    return;
  cycles_left_ = whole_cycles;
  collect_above_ = memory_.used() <= memory_.soft() ? 0 : memory_.used() + (size_t{1} << 20);
  if (collect_above_ != 0 && greediest() == script_)
    raise_limit(L, to_string(limit_kind::memory), "the scripts hold too much");
}

size_t call_guard::greediest() const noexcept {
  const auto most = std::max_element(grown_.begin(), grown_.end());
  return grown_[script_] == *most ? script_ : static_cast<size_t>(most - grown_.begin());
}

void push_guard(lua_State* L, call_guard& guard) {
  lua_pushlightuserdata(L, const_cast<char*>(&registry_key));
  lua_pushlightuserdata(L, &guard);
  lua_rawset(L, LUA_REGISTRYINDEX);
  lua_pushlightuserdata(L, &guard);
  lua_pushcclosure(L, slow, 1);
  lua_setfield(L, -2, "slow");
  lua_pushlightuserdata(L, &guard);
  lua_pushcclosure(L, recheck, 1);
  lua_setfield(L, -2, "recheck");
}

call_guard* guard_of(lua_State* L) noexcept {
  lua_pushlightuserdata(L, const_cast<char*>(&registry_key));
  lua_rawget(L, LUA_REGISTRYINDEX);
  auto* guard = static_cast<call_guard*>(lua_touserdata(L, -1));
  lua_pop(L, 1);
  return guard;
}

} // namespace flowactors
