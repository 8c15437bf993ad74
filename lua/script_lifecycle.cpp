#include "lua/script_lifecycle.hpp"

#include "lua/lua_fields.hpp"
#include "lua/script_vm_impl.hpp"

#include <algorithm>

namespace flowactors {

namespace {

char hook_runner, taker, receiver; // their addresses are the keys in the registry

lifecycle_state& state_of(lua_State* L) {
  return *static_cast<lifecycle_state*>(lua_touserdata(L, lua_upvalueindex(1)));
}

// (number, mask, seconds)
int register_hooks(lua_State* L) {
  lifecycle_state& state = state_of(L);
  const auto number = static_cast<size_t>(lua_tointeger(L, 1));
  if (state.scripts.size() <= number)
    state.scripts.resize(number + 1);
  state.scripts[number] = {static_cast<uint32_t>(lua_tointeger(L, 2)),
                           static_cast<int64_t>(lua_tonumber(L, 3) * 1e9), 0, true};
  return 0;
}

// (number of a message_end, nothing = it waits)
int note_message(lua_State* L) {
  message_counts& messages = state_of(L).messages;
  ++messages.sent;
  if (lua_isnoneornil(L, 1))
    ++messages.waiting;
  else
    ++messages.ended[std::min(static_cast<size_t>(luaL_checkinteger(L, 1)), message_end_count - 1)];
  return 0;
}

// (name): whether another VM may have this context
int knows_context(lua_State* L) {
  const auto& post = state_of(L).post;
  lua_pushboolean(L, post != nullptr && post->knows(message_at(L, 1)));
  return 1;
}

// (context, value as bytes): false if no other VM took it
int post_message(lua_State* L) {
  const auto& post = state_of(L).post;
  lua_pushboolean(L, post != nullptr && post->send(message_at(L, 1), message_at(L, 2)));
  return 1;
}

// (runner, taker, receiver)
int set_hook_runner(lua_State* L) {
  lua_settop(L, 3);
  for (char* key : {&receiver, &taker, &hook_runner}) {
    lua_pushlightuserdata(L, key);
    lua_insert(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
  }
  return 0;
}

struct hook_request {
  size_t script;
  script_hook hook;
  std::string_view bytes;
  size_t place;
};

int run_request(lua_State* L) {
  const auto& request = *static_cast<const hook_request*>(lua_touserdata(L, 1));
  lua_pushlightuserdata(L, &hook_runner);
  lua_rawget(L, LUA_REGISTRYINDEX);
  lua_pushinteger(L, static_cast<lua_Integer>(request.script));
  lua_pushinteger(L, static_cast<lua_Integer>(request.hook) + 1);
  lua_pushlstring(L, request.bytes.data(), request.bytes.size());
  lua_pushinteger(L, static_cast<lua_Integer>(request.place));
  lua_call(L, 4, 1);
  return 1;
}

int take_messages(lua_State* L) {
  lua_pushlightuserdata(L, &taker);
  lua_rawget(L, LUA_REGISTRYINDEX);
  lua_call(L, 0, 1);
  return 1;
}

int receive_message(lua_State* L) {
  const auto& value = *static_cast<const std::string*>(lua_touserdata(L, 1));
  lua_pushlightuserdata(L, &receiver);
  lua_rawget(L, LUA_REGISTRYINDEX);
  lua_pushlstring(L, value.data(), value.size());
  lua_call(L, 1, 0);
  return 0;
}

} // namespace

void push_lifecycle(lua_State* L, lifecycle_state& lifecycle) {
  const auto function = [&](const char* name, lua_CFunction work) {
    lua_pushlightuserdata(L, &lifecycle);
    lua_pushcclosure(L, work, 1);
    lua_setfield(L, -2, name);
  };
  function("register_hooks", register_hooks);
  function("note_message", note_message);
  function("set_hook_runner", set_hook_runner);
  function("knows_context", knows_context);
  function("post_message", post_message);
  set_field(L, "most_saved", most_saved_bytes);
  lua_createtable(L, 0, message_end_count);
  for (size_t i = 0; i < message_end_count; ++i)
    set_field(L, to_string(static_cast<message_end>(i)), i);
  lua_setfield(L, -2, "message_ends");
}

const char* to_string(message_end end) noexcept {
  static constexpr std::array<const char*, message_end_count> names{
    "delivered", "posted",     "unknown_context", "not_encodable",
    "too_large", "queue_full", "lost_with_vm"};
  return names[static_cast<size_t>(end)];
}

void lifecycle_state::lose_messages() noexcept {
  messages.ended[static_cast<size_t>(message_end::lost_with_vm)] +=
    std::exchange(messages.waiting, 0);
}

namespace {

/// The account of a hook; each has a place in the list.
script_callback& hook_target(std::vector<std::unique_ptr<script_callback>>& list, size_t script,
                             script_hook hook) {
  const size_t place = script * hook_names.size() + static_cast<size_t>(hook);
  if (list.size() <= place)
    list.resize(place + 1);
  if (list[place] == nullptr) {
    list[place] = std::make_unique<script_callback>(script, event_kind::updated);
    list[place]->name = hook_names[static_cast<size_t>(hook)];
  }
  return *list[place];
}

} // namespace

/// Runs a hook of a script that has it and is not suspended. Its result stays on the stack if it
/// gives true.
bool script_vm::impl::run_hook(size_t script, script_hook hook, std::string_view bytes,
                               size_t place) noexcept {
  if (L == nullptr || script >= lifecycle.scripts.size() || !lifecycle.scripts[script].has(hook))
    return false;
  script_callback& target = hook_target(hook_targets, script, hook);
  if (!scripts[script]->breaker.closed()) {
    ++target.suspended;
    return false;
  }
  current = &target;
  ++target.calls;
  access.cursor.script = static_cast<int32_t>(script);
  hook_request request{script, hook, bytes, place};
  bool worked = false;
  const int64_t start = clock_ns();
  const bool often = hook == script_hook::tick || hook == script_hook::message;
  guard.set_budget((often ? options.limits.deadline : options.limits.load_deadline).count());
  const bool stayed = guard.enter([&, this] {
    guard.begin(script);
    lua_pushcfunction(L, run_request);
    lua_pushlightuserdata(L, &request);
    if (const int status = lua_pcall(L, 1, 1, error_handler); status != 0)
      fail(target, status);
    else
      worked = true;
    guard.end();
  });
  if (!stayed)
    recover();
  guard.set_budget(options.limits.deadline.count());
  current = nullptr;
  target.costs.add(clock_ns() - start - clock_cost_ns());
  return stayed && worked;
}

void script_vm::impl::run_hook_alone(size_t script, script_hook hook, std::string_view bytes,
                                     size_t place) noexcept {
  if (run_hook(script, hook, bytes, place))
    lua_pop(L, 1);
}

void script_vm::impl::set_up() noexcept {
  for (size_t i = 0; i < lifecycle.scripts.size(); ++i)
    if (std::exchange(lifecycle.scripts[i].fresh, false))
      run_hook_alone(i, script_hook::setup, {}, 0);
}

void script_vm::impl::tick(int64_t now_ns) noexcept {
  access.cursor.now_ns = std::max(access.cursor.now_ns, now_ns);
  for (size_t i = 0; i < lifecycle.scripts.size(); ++i) {
    script_hooks& hooks = lifecycle.scripts[i];
    if (!hooks.has(script_hook::tick))
      continue;
    if (hooks.next_ns == 0
        || hooks.next_ns - now_ns > hooks.interval_ns) { // or the clock went back
      hooks.next_ns = now_ns + hooks.interval_ns;
    } else if (now_ns >= hooks.next_ns) {
      hooks.next_ns += ((now_ns - hooks.next_ns) / hooks.interval_ns + 1) * hooks.interval_ns;
      run_hook_alone(i, script_hook::tick, {}, 0);
    }
  }
}

/// What other VMs sent joins what waits, as far as there is room.
void script_vm::impl::receive() noexcept {
  constexpr uint64_t most_waiting = 1000;
  constexpr size_t room_of_message = 256u << 10;
  message_counts& messages = lifecycle.messages;
  std::string value;
  current = nullptr;
  const auto has_room = [&] {
    return guard.memory().used() + room_of_message < guard.memory().most();
  };
  while (messages.waiting < most_waiting && has_room() && lifecycle.post->take(value)) {
    ++messages.received;
    lua_pushcfunction(L, receive_message);
    lua_pushlightuserdata(L, &value);
    if (lua_pcall(L, 1, 0, error_handler) == 0) {
      ++messages.waiting;
    } else {
      lua_pop(L, 1);
      ++messages.ended[static_cast<size_t>(message_end::lost_with_vm)];
    }
  }
}

/// Messages that are sent meanwhile wait for the next time.
void script_vm::impl::deliver() noexcept {
  message_counts& messages = lifecycle.messages;
  size_t count = 0;
  lua_pushcfunction(L, take_messages);
  current = nullptr;
  if (lua_pcall(L, 0, 1, error_handler) == 0)
    count = static_cast<size_t>(lua_tointeger(L, -1));
  lua_pop(L, 1);
  messages.waiting -= count;
  const uint64_t of_this_vm = rebuilds;
  for (size_t place = 1; place <= count; ++place) {
    const bool here = rebuilds == of_this_vm;
    ++messages
        .ended[static_cast<size_t>(here ? message_end::delivered : message_end::lost_with_vm)];
    for (size_t i = 0; i < lifecycle.scripts.size() && rebuilds == of_this_vm; ++i)
      run_hook_alone(i, script_hook::message, {}, place);
  }
}

void script_vm::begin(const std::vector<saved_state>& from) noexcept {
  impl& self = *impl_;
  self.lifecycle.begun = true;
  self.set_up();
  for (size_t i = 0; i < self.names.size(); ++i) {
    const auto saved = std::ranges::find(from, self.names[i], &saved_state::script);
    if (saved != from.end())
      self.run_hook_alone(i, script_hook::restore, saved->bytes, 0);
  }
  flush();
}

std::vector<saved_state> script_vm::save() noexcept {
  impl& self = *impl_;
  std::vector<saved_state> out;
  for (size_t i = 0; i < self.names.size(); ++i) {
    if (!self.run_hook(i, script_hook::save, {}, 0))
      continue;
    if (lua_type(self.L, -1) == LUA_TSTRING)
      out.push_back({self.names[i], std::string{message_at(self.L, -1)}});
    lua_pop(self.L, 1);
  }
  return out;
}

void script_vm::end() noexcept {
  for (size_t i = 0; i < impl_->names.size(); ++i)
    impl_->run_hook_alone(i, script_hook::teardown, {}, 0);
  flush();
}

void script_vm::flush(int64_t now_ns) noexcept {
  impl& self = *impl_;
  if (self.lifecycle.begun && self.L != nullptr) {
    self.set_up(); // of scripts that were built anew
    if (now_ns > 0)
      self.tick(now_ns);
    if (self.L != nullptr && self.lifecycle.post != nullptr && self.lifecycle.post->waits())
      self.receive();
    if (self.lifecycle.messages.waiting != 0 && self.L != nullptr)
      self.deliver();
  }
  flush();
}

} // namespace flowactors
