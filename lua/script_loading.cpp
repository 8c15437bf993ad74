#include "lua/error_advice.hpp"
#include "lua/limit_error.hpp"
#include "lua/script_folder.hpp"
#include "lua/script_vm_impl.hpp"

#include <algorithm>
#include <filesystem>

namespace flowactors {

namespace {

std::string advice(const std::string& script, std::string_view name) {
  static const std::vector<std::string_view> known = [] {
    std::vector<std::string_view> all{callback_names.begin(), callback_names.end()};
    all.insert(all.end(), hook_names.begin(), hook_names.end());
    return all;
  }();
  const std::string_view meant = nearest(name, known);
  std::string text = script + ": " + std::string{name};
  if (!meant.empty())
    text += " (did you mean " + std::string{meant} + "?)";
  return text;
}

struct text_to_load {
  std::string_view name;
  std::string_view text;
  size_t number;
};

result<void> read_texts(std::vector<std::filesystem::path> files,
                        const std::filesystem::path& folder, script_texts& out) {
  if (files.empty()) {
    auto found = list_scripts(folder);
    if (!found)
      return found.failure();
    for (const std::string& name : *found)
      files.push_back(folder / name);
  }
  for (const auto& file : files) {
    auto text = read_script(file);
    if (text)
      out.files.push_back({file.filename().string(), file.string(), std::move(*text)});
    else
      out.faults.push_back(text.failure());
  }
  out.read = true;
  return {};
}

} // namespace

int script_vm::impl::on_load(lua_State* L) {
  const auto& what = *static_cast<const text_to_load*>(lua_touserdata(L, 1));
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushlstring(L, what.name.data(), what.name.size());
  lua_pushlstring(L, what.text.data(), what.text.size());
  lua_pushinteger(L, static_cast<lua_Integer>(what.number));
  lua_call(L, 3, 6);
  return 6;
}

result<void> script_vm::impl::open() {
  std::error_code failure;
  root = std::filesystem::absolute(options.root, failure).lexically_normal().string();
  const auto scripts_folder =
    std::filesystem::path{root} / "callbacks" / "user_scripts" / options.context;
  folder = scripts_folder.string();
  const auto texts = options.texts != nullptr ? options.texts : std::make_shared<script_texts>();
  if (!texts->read)
    if (auto read = read_texts(options.files, scripts_folder, *texts); !read)
      return read;
  for (const auto& file : texts->files)
    sources.push_back({file.name, file.path, file.text});
  faults = texts->faults;
  jit =
    options.jit == jit_mode::on || (options.jit == jit_mode::automatic && has_executable_memory());
  if (options.jit == jit_mode::automatic && !jit)
    output->log(
      script_output::level::warning, "",
      "the system refuses executable memory: scripts run interpreted, several times slower");
  auto built = build();
  std::ranges::stable_sort(faults, {}, &error::what); // by file
  return built;
}

/// A VM with all scripts, from the texts. A script that makes it impossible is left out.
result<void> script_vm::impl::build() {
  for (size_t place = 0;;) {
    const auto opened =
      open_state({access, host, helpers, cache, options.names, guard, point, lifecycle, jit,
                  options.trusted, options.context, root, folder});
    if (!opened)
      return opened.failure();
    L = opened.value();
    buffer = lua_touserdata(L, written); // a VM that was left has another stack
    lua_pushlightuserdata(L, this);
    lua_pushcclosure(L, on_error, 1);
    lua_pushcfunction(L, on_collect);
    lua_pushvalue(L, load_script);
    lua_pushcclosure(L, on_load, 1);
    guard.set_scripts(sources.size());
    guard.set_budget(options.limits.load_deadline.count());
    const bool loaded = guard.enter([this, &place] {
      for (place = 0; place < sources.size(); ++place)
        load(sources[place]);
    });
    guard.set_budget(options.limits.deadline.count());
    if (loaded)
      break;
    leave_out(sources[place], 1, "limit: the VM had to be left while the file was loaded");
    save_output();
    if (guard.reason() != call_guard::exit_reason::watchdog)
      guard.memory().close(L);
    else
      guard.memory().abandon();
    L = nullptr;
  }
  flush_output(); // what scripts wrote while they were loaded
  settle_heap();
  await_settling();
  return {};
}

void script_vm::impl::load(loaded_script& script) {
  if (script.left_out)
    return;
  if (!script.counted)
    script.number = scripts.size();
  else if (scripts[script.number]->breaker.now() == script_breaker::state::off)
    return;
  const int base = lua_gettop(L);
  if (lua_checkstack(L, 16) == 0) {
    leave_out(script, 1, "the VM's stack is full; use fewer scripts");
    return;
  }
  text_to_load what{script.name, script.text, script.number};
  access.cursor.script = static_cast<int32_t>(script.number);
  guard.begin(script.number);
  lua_pushvalue(L, load_request);
  lua_pushlightuserdata(L, &what);
  const int status = lua_pcall(L, 1, 6, 0);
  guard.end();
  if (status != 0) {
    leave_out(script, 1, message_at(L, -1));
  } else if (lua_isnil(L, base + 1)) {
    leave_out(script, static_cast<long>(lua_tointeger(L, base + 2)), message_at(L, base + 3));
  } else {
    take(script, base);
    return;
  }
  lua_settop(L, base);
}

void script_vm::impl::leave_out(loaded_script& script, long line, std::string_view what) {
  const std::string why =
    std::to_string(line) + ": " + std::string{what.substr(0, longest_message)} + advice_on(what);
  script.left_out = true;
  if (!script.counted) {
    faults.push_back({ec::bad_script, script.file + ":" + why});
    return;
  }
  scripts[script.number]->breaker.turn_off();
  scripts[script.number]->reason = "it does not load again: " + why;
}

// The four functions are on the stack above `base`, then the loop for batches and the list of other
// names.
void script_vm::impl::take(loaded_script& script, int base) {
  const bool again = std::exchange(script.counted, true);
  if (!again) {
    names.push_back(script.name);
    scripts.push_back(std::make_unique<running_script>(options.limits));
    std::string_view others = message_at(L, base + 6);
    while (!others.empty()) {
      const size_t end = std::min(others.find('\n'), others.size());
      unknown.push_back(advice(script.name, others.substr(0, end)));
      others.remove_prefix(std::min(end + 1, others.size()));
    }
  }
  lua_settop(L, base + 5);
  running_script& taken = *scripts[script.number];
  taken.runner = lua_isfunction(L, base + 5) ? base + 5 : 0;
  for (size_t k = 0; k < event_kind_count; ++k) {
    const int index = base + 1 + static_cast<int>(k);
    const auto of_kind = static_cast<event_kind>(k);
    if (!again && lua_isfunction(L, index)) {
      callbacks[k].push_back(std::make_unique<script_callback>(script.number, of_kind));
      taken.callbacks[k] = callbacks[k].back().get();
      interest = static_cast<event_mask>(interest | mask_of(of_kind));
    }
    if (taken.callbacks[k] != nullptr)
      taken.callbacks[k]->index = lua_isfunction(L, index) ? index : 0;
  }
  apply(script.number);
}

void script_vm::impl::flush_output() noexcept {
  if (access.cursor.pending == 0)
    return;
  lua_pushvalue(L, hand_over);
  if (lua_pcall(L, 0, 0, error_handler) != 0)
    lua_pop(L, 1);
}

/// Of a VM that was left: what was written before is read where LuaJIT keeps it.
void script_vm::impl::save_output() noexcept {
  if (access.cursor.pending != 0)
    write_out(host, pending_text(buffer));
  access.cursor.pending = 0;
}

} // namespace flowactors
