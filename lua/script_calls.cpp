#include "lua/error_advice.hpp"
#include "lua/flow_data.hpp"
#include "lua/limit_error.hpp"
#include "lua/script_vm_impl.hpp"

namespace flowactors {

// The error handler: only what will be told gets a traceback, so that a million errors cost little.
int script_vm::impl::on_error(lua_State* L) {
  auto& self = *static_cast<impl*>(lua_touserdata(L, lua_upvalueindex(1)));
  self.entered = true;
  if (lua_type(L, 1) != LUA_TSTRING) {
    if (self.guard.broken() || luaL_callmeta(L, 1, "__tostring") == 0
        || lua_type(L, -1) != LUA_TSTRING)
      lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
    lua_replace(L, 1);
    lua_settop(L, 1);
  }
  if (!self.guard.broken() && message_at(L, 1).ends_with("stack overflow"))
    self.guard.mark(limit_kind::recursion);
  shorten_message(L, 1);
  self.noted = true;
  script_callback* const target = self.running();
  self.telling = target == nullptr ? 1 : target->gate.note(message_at(L, 1), clock_ns());
  if (self.telling != 0) {
    self.advise(message_at(L, 1));
    luaL_traceback(L, L, self.host.scratch.c_str(), 1);
  }
  return 1;
}

// The message with what may have been meant, in a string that outlives a Lua error.
void script_vm::impl::advise(std::string_view message) noexcept {
  host.scratch.assign(message).append(advice_on(message));
}

script_callback* script_vm::impl::running() noexcept {
  if (events.empty())
    return current;
  const auto place = static_cast<size_t>(access.cursor.place);
  return scripts[batch_script]->callbacks[static_cast<size_t>(events[place].kind)];
}

// This stands before each event of an inline script: what is rare is elsewhere.
void script_vm::impl::handle(event_kind of_kind, flow_record& flow, int64_t now_ns) noexcept {
  guard.enter([](impl* self, event_kind k, flow_record* f, int64_t t) { self->begin(k, *f, t); },
              [](impl* self) { self->run_callbacks(); }, [](impl* self) { self->go_on(); }, this,
              of_kind, &flow, now_ns);
}

[[gnu::noinline]] void script_vm::impl::go_on() noexcept {
  do
    recover();
  while (!guard.enter([this] { run_callbacks(); }));
}

inline void script_vm::impl::begin(event_kind of_kind, flow_record& flow, int64_t now_ns) noexcept {
  ++handled[static_cast<size_t>(of_kind)];
  script_cursor& cursor = access.cursor;
  cursor.flow = &flow;
  cursor.now_ns = now_ns;
  cursor.turn += 1;
  cursor.live = 1;
  kind = of_kind;
  const auto& of_this_kind = callbacks[static_cast<size_t>(of_kind)];
  due = of_this_kind.data();
  due_end = due + of_this_kind.size();
}

// A function of its own: around the guard's way out nothing stays in a register.
[[gnu::noinline]] void script_vm::impl::run_callbacks() noexcept {
  while (due != due_end) {
    script_callback& target = **due++;
    if (!target.active) [[unlikely]]
      ++target.suspended;
    else
      call_here(target);
  }
  guard.end();
  if (kind == event_kind::ended && access.has_data && L != nullptr) [[unlikely]]
    drop_flow_data(L);
  access.cursor.live = 0;
  access.cursor.flow = &access.nobody;
}

inline void script_vm::impl::call_here(script_callback& target) noexcept {
  current = &target;
  access.cursor.script = static_cast<int32_t>(target.script);
  guard.begin(target.script);
  if (call_costs::times_call(target.calls++)) [[unlikely]]
    call_timed(target);
  else
    call_protected(target);
}

void script_vm::impl::call(script_callback& target) noexcept {
  call_here(target);
  guard.end();
}

inline void script_vm::impl::call_protected(script_callback& target) noexcept {
  lua_pushvalue(L, target.index);
  if (const int status = lua_pcall(L, 0, 0, error_handler); status != 0) [[unlikely]]
    fail(target, status);
}

[[gnu::noinline]] void script_vm::impl::call_timed(script_callback& target) noexcept {
  const int64_t start = clock_ns();
  call_protected(target);
  target.costs.add(clock_ns() - start - clock_cost_ns());
}

void script_vm::impl::fail(script_callback& target, int status) noexcept {
  ++target.errors;
  const std::string_view text = status == LUA_ERRMEM ? "not enough memory" : message_at(L, -1);
  if (!std::exchange(
        noted,
        false)) // an error for which there was no handler: out of memory, or in the handler itself
    telling = target.gate.note(text, clock_ns());
  if (telling != 0)
    output->fault(names[target.script], target.name, text, std::exchange(telling, 0));
  if (!std::exchange(entered, false) && status == LUA_ERRERR && !guard.broken())
    guard.mark(limit_kind::recursion); // no room on the stack even for the handler
  if (guard.broken()) {
    ++target.limits[static_cast<size_t>(guard.kind())];
    breach(target.script, guard.kind(), text);
  }
  lua_pop(L, 1);
}

} // namespace flowactors
