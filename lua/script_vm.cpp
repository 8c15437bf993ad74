#include "lua/script_vm.hpp"

#include "lua/call_costs.hpp"
#include "lua/fault_gate.hpp"
#include "lua/script_folder.hpp"
#include "lua/vm_state.hpp"

#include <lua.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace flowactors {

namespace {

constexpr std::array<const char*, event_kind_count> callback_names{
  "flowCreate", "flowProtocolDetected", "flowUpdate", "flowDelete"};

// Fixed places on the state's stack; the scripts' functions come above.
constexpr int load_script = 1, hand_over = 2, error_handler = 3, collect_step = 4, load_request = 5;

// Bytes that may be allocated between two collections of a small heap, in KiB: marking the same few
// hundred KiB again and again would cost more than the scripts.
constexpr size_t least_slack_kb = 4096;

/// A function of a script, at a fixed place on the state's stack.
struct callback {
  callback(int place, size_t of_script, event_kind of_kind)
    : index(place), script(of_script), kind(of_kind) {}

  int index;
  size_t script;
  event_kind kind;
  uint64_t calls = 0;
  uint64_t errors = 0;
  call_costs costs;
  fault_gate gate;
};

/// Says nothing, for a VM without an output.
class silence final : public script_output {
public:
  void write(std::string_view) noexcept override {}
  void log(level, std::string_view, std::string_view) noexcept override {}
  void fault(std::string_view, std::string_view, std::string_view, uint64_t) noexcept override {}
};

std::string_view message_at(lua_State* L, int index) noexcept {
  if (lua_type(L, index) != LUA_TSTRING)
    return "(the error is not a text)";
  size_t size = 0;
  const char* text = lua_tolstring(L, index, &size);
  return {text, size};
}

std::string advice(const std::string& script, std::string_view name) {
  static const std::vector<std::string_view> known{callback_names.begin(), callback_names.end()};
  const std::string_view meant = nearest(name, known);
  std::string text = script + ": " + std::string{name};
  if (!meant.empty())
    text += " (did you mean " + std::string{meant} + "?)";
  return text;
}

} // namespace

struct script_vm::impl {
  explicit impl(const script_vm_options& options)
    : output(options.output != nullptr ? options.output : &nobody_listens),
      access(options.names),
      helpers(options.helper_bytes) {
    access.cursor.text_arena = options.text_arena;
    helpers.now_ns = &access.cursor.now_ns;
    host.output = output;
    cache.store = options.store != nullptr ? options.store : std::make_shared<value_store>();
    cache.output = output;
  }

  ~impl() {
    if (L != nullptr)
      lua_close(L);
  }

  result<void> open(const script_vm_options& options);
  void load(const std::filesystem::path& file, const std::string& name);
  void take(const std::string& name, int base);
  void call(callback& target) noexcept;
  void fail(callback& target, int status) noexcept;
  void collect() noexcept;
  void set_pause() noexcept;

  static int on_error(lua_State* L);
  static int on_collect(lua_State* L);
  static int on_load(lua_State* L);

  silence nobody_listens;
  script_output* output;
  flow_access access;
  helper_memory helpers;
  host_state host;
  cache_state cache;
  lua_State* L = nullptr;
  bool jit = false;

  std::vector<std::string> scripts;
  std::vector<error> faults;
  std::vector<std::string> unknown;
  std::array<std::vector<std::unique_ptr<callback>>, event_kind_count> callbacks;
  std::array<uint64_t, event_kind_count> handled{};
  event_mask interest = 0;

  callback* current = nullptr;
  uint64_t telling = 0; // how many errors to tell of now
  bool noted = false;   // the handler has seen the current error

  size_t live_kb = 0; // after the last collection
  size_t seen_kb = 0; // at the last flush
  bool collecting = false;
};

// The error handler: only what will be told gets a traceback, so that a million errors cost little.
int script_vm::impl::on_error(lua_State* L) {
  auto& self = *static_cast<impl*>(lua_touserdata(L, lua_upvalueindex(1)));
  if (lua_type(L, 1) != LUA_TSTRING) {
    if (luaL_callmeta(L, 1, "__tostring") == 0 || lua_type(L, -1) != LUA_TSTRING)
      lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
    lua_replace(L, 1);
    lua_settop(L, 1);
  }
  self.noted = true;
  self.telling =
    self.current == nullptr ? 1 : self.current->gate.note(message_at(L, 1), clock_ns());
  if (self.telling != 0)
    luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

int script_vm::impl::on_collect(lua_State* L) {
  lua_pushinteger(L, lua_gc(L, LUA_GCSTEP, static_cast<int>(lua_tointeger(L, 1))));
  return 1;
}

namespace {

struct text_to_load {
  std::string_view name;
  std::string_view text;
};

} // namespace

int script_vm::impl::on_load(lua_State* L) {
  const auto& what = *static_cast<const text_to_load*>(lua_touserdata(L, 1));
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushlstring(L, what.name.data(), what.name.size());
  lua_pushlstring(L, what.text.data(), what.text.size());
  lua_call(L, 2, 5);
  return 5;
}

result<void> script_vm::impl::open(const script_vm_options& options) {
  std::error_code failure;
  const std::filesystem::path root =
    std::filesystem::absolute(options.root, failure).lexically_normal();
  const std::filesystem::path folder = root / "callbacks" / "user_scripts" / options.context;
  auto names = list_scripts(folder);
  if (!names)
    return names.failure();
  jit =
    options.jit == jit_mode::on || (options.jit == jit_mode::automatic && has_executable_memory());
  if (options.jit == jit_mode::automatic && !jit)
    output->log(
      script_output::level::warning, "",
      "the system refuses executable memory: scripts run interpreted, several times slower");
  const auto opened = open_state({access, host, helpers, cache, options.names, jit, options.context,
                                  root.string(), folder.string()});
  if (!opened)
    return opened.failure();
  L = opened.value();
  lua_pushlightuserdata(L, this);
  lua_pushcclosure(L, on_error, 1);
  lua_pushcfunction(L, on_collect);
  lua_pushvalue(L, load_script);
  lua_pushcclosure(L, on_load, 1);
  for (const std::string& name : *names)
    load(folder / name, name);
  if (access.cursor.pending != 0) { // what scripts wrote while they were loaded
    lua_pushvalue(L, hand_over);
    if (lua_pcall(L, 0, 0, error_handler) != 0)
      lua_pop(L, 1);
  }
  lua_gc(L, LUA_GCCOLLECT, 0);
  live_kb = seen_kb = static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0));
  set_pause();
  lua_gc(L, LUA_GCCOLLECT, 0); // the pause counts from the end of a collection
  return {};
}

void script_vm::impl::load(const std::filesystem::path& file, const std::string& name) {
  const auto text = read_script(file);
  if (!text) {
    faults.push_back(text.failure());
    return;
  }
  const int base = lua_gettop(L);
  if (lua_checkstack(L, 16) == 0) {
    faults.push_back(
      {ec::out_of_resources, file.string() + ":1: the VM's stack is full; use fewer scripts"});
    return;
  }
  text_to_load what{name, text.value()};
  lua_pushvalue(L, load_request);
  lua_pushlightuserdata(L, &what);
  if (lua_pcall(L, 1, 5, 0) != 0) {
    faults.push_back({ec::bad_script, file.string() + ":1: " + std::string{message_at(L, -1)}});
    lua_settop(L, base);
  } else if (lua_isnil(L, base + 1)) {
    const auto line = static_cast<long>(lua_tointeger(L, base + 2));
    faults.push_back({ec::bad_script, file.string() + ":" + std::to_string(line) + ": "
                                        + std::string{message_at(L, base + 3)}});
    lua_settop(L, base);
  } else {
    take(name, base);
  }
}

// The four functions are on the stack above `base`, then the list of other names.
void script_vm::impl::take(const std::string& name, int base) {
  const size_t number = scripts.size();
  scripts.push_back(name);
  std::string_view others = message_at(L, base + 5);
  while (!others.empty()) {
    const size_t end = std::min(others.find('\n'), others.size());
    unknown.push_back(advice(name, others.substr(0, end)));
    others.remove_prefix(std::min(end + 1, others.size()));
  }
  lua_settop(L, base + 4);
  for (size_t k = 0; k < event_kind_count; ++k) {
    if (!lua_isfunction(L, base + 1 + static_cast<int>(k)))
      continue;
    const auto kind = static_cast<event_kind>(k);
    callbacks[k].push_back(
      std::make_unique<callback>(base + 1 + static_cast<int>(k), number, kind));
    interest = static_cast<event_mask>(interest | mask_of(kind));
  }
}

inline void script_vm::impl::call(callback& target) noexcept {
  current = &target;
  lua_pushvalue(L, target.index);
  if (const int status = lua_pcall(L, 0, 0, error_handler); status != 0)
    fail(target, status);
}

void script_vm::impl::fail(callback& target, int status) noexcept {
  ++target.errors;
  const std::string_view text = status == LUA_ERRMEM ? "not enough memory" : message_at(L, -1);
  if (!std::exchange(
        noted,
        false)) // an error for which there was no handler: out of memory, or in the handler itself
    telling = target.gate.note(text, clock_ns());
  if (telling != 0)
    output->fault(scripts[target.script], callback_names[static_cast<size_t>(target.kind)], text,
                  std::exchange(telling, 0));
  lua_pop(L, 1);
}

// The collector also runs by itself when the heap has grown by its pause; between bursts it is
// driven on ahead of that.
void script_vm::impl::collect() noexcept {
  const auto now_kb = static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0));
  const size_t grown = now_kb > seen_kb ? now_kb - seen_kb : 0;
  const size_t slack = std::max(live_kb, least_slack_kb);
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
    }
    lua_pop(L, 1);
  }
  seen_kb = static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0));
}

void script_vm::impl::set_pause() noexcept {
  const auto now_kb = std::max<size_t>(static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0)), 64);
  const size_t live = std::min(std::max<size_t>(live_kb, 64), now_kb);
  lua_gc(L, LUA_GCSETPAUSE, static_cast<int>(100 * (live + std::max(live, least_slack_kb)) / live));
}

script_vm::script_vm(std::unique_ptr<impl> data) : impl_(std::move(data)) {}

script_vm::~script_vm() = default;

result<std::unique_ptr<script_vm>> script_vm::make(const script_vm_options& options) {
  auto data = std::make_unique<impl>(options);
  if (auto opened = data->open(options); !opened)
    return opened.failure();
  return std::unique_ptr<script_vm>{new script_vm{std::move(data)}};
}

const std::vector<error>& script_vm::load_faults() const noexcept {
  return impl_->faults;
}

const std::vector<std::string>& script_vm::scripts() const noexcept {
  return impl_->scripts;
}

const std::vector<std::string>& script_vm::unknown_callbacks() const noexcept {
  return impl_->unknown;
}

bool script_vm::jit() const noexcept {
  return impl_->jit;
}

void script_vm::attach(const char* text_arena) noexcept {
  impl_->access.cursor.text_arena = text_arena;
}

event_mask script_vm::interest() const noexcept {
  return impl_->interest;
}

void script_vm::handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept {
  impl& self = *impl_;
  ++self.handled[static_cast<size_t>(kind)];
  script_cursor& cursor = self.access.cursor;
  cursor.flow = &flow;
  cursor.now_ns = now_ns;
  cursor.live = 1;
  for (const auto& target : self.callbacks[static_cast<size_t>(kind)]) {
    if (target->calls++ % call_costs::sample_every != 0) {
      self.call(*target);
      continue;
    }
    const int64_t start = clock_ns();
    self.call(*target);
    target->costs.add(clock_ns() - start - clock_cost_ns());
  }
  cursor.live = 0;
  cursor.flow = &self.access.nobody;
}

void script_vm::flush() noexcept {
  impl& self = *impl_;
  if (self.access.cursor.pending != 0) {
    lua_pushvalue(self.L, hand_over);
    if (lua_pcall(self.L, 0, 0, error_handler) != 0)
      lua_pop(self.L, 1);
  }
  self.collect();
}

uint64_t script_vm::handled(event_kind kind) const noexcept {
  return impl_->handled[static_cast<size_t>(kind)];
}

std::vector<callback_costs> script_vm::costs() const {
  std::vector<callback_costs> all;
  for (const auto& of_kind : impl_->callbacks)
    for (const auto& target : of_kind)
      all.push_back({impl_->scripts[target->script],
                     callback_names[static_cast<size_t>(target->kind)], target->calls,
                     target->errors, target->costs.sampled(), target->costs.mean(),
                     target->costs.quantile(0.99), target->costs.max()});
  return all;
}

size_t script_vm::memory() const noexcept {
  return static_cast<size_t>(lua_gc(impl_->L, LUA_GCCOUNT, 0)) * 1024
         + static_cast<size_t>(lua_gc(impl_->L, LUA_GCCOUNTB, 0));
}

} // namespace flowactors
