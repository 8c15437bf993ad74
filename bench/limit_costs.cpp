#include "bench/limit_costs.hpp"

#include "lua/call_guard.hpp"
#include "lua/instrumenter.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace flowactors::bench {

namespace {

constexpr int runs = 7;

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// As in lua/chunks/compile.lua.
constexpr char not_recorded[] =
  "local look = ... local function slow() return look() end jit.off(slow) return slow";

// A fresh state with a chunk of the text on its stack.
class program_vm {
public:
  program_vm(const std::string& text, bool limited) : guard_(limits()), state_(luaL_newstate()) {
    guard_.set_budget(60'000'000'000);
    guard_.set_scripts(1);
    luaL_openlibs(state_);
    if (!limited) {
      load(text);
      return;
    }
    auto made = instrument(text, "=program");
    if (!made)
      fail(made.failure().what.c_str());
    load(*made);
    if (luaL_loadstring(state_, not_recorded) != 0)
      fail(lua_tostring(state_, -1));
    lua_newtable(state_);
    push_guard(state_, guard_);
    lua_getfield(state_, -1, "slow");
    lua_remove(state_, -2);
    lua_call(state_, 1, 1);
    lua_pushinteger(state_, call_guard::most_turns);
    lua_insert(state_, -2);
    lua_call(state_, 2, 1);
  }
  ~program_vm() { lua_close(state_); }
  program_vm(const program_vm&) = delete;

  lua_State* state() { return state_; }
  call_guard& guard() { return guard_; }

private:
  // As in earnest, but for a deadline that is far away.
  static script_limits limits() {
    script_limits out;
    out.deadline = std::chrono::seconds(60);
    return out;
  }

  [[noreturn]] static void fail(const char* message) {
    std::fprintf(stderr, "%s\n", message);
    std::exit(1);
  }

  void load(const std::string& text) {
    if (luaL_loadbuffer(state_, text.data(), text.size(), "=program") != 0)
      fail(lua_tostring(state_, -1));
  }

  call_guard guard_;
  lua_State* state_;
};

double run_program(const std::string& text, bool limited) {
  program_vm vm{text, limited};
  double spent = 0;
  vm.guard().enter([&] {
    vm.guard().begin(0);
    const double start = cpu_ns();
    if (lua_pcall(vm.state(), 0, 1, 0) != 0)
      std::fprintf(stderr, "%s\n", lua_tostring(vm.state(), -1));
    spent = cpu_ns() - start;
  });
  return spent / 1e6;
}

enum class way : uint8_t { plain, counted, entered };

double run_calls(program_vm& vm, way how) {
  constexpr size_t calls = 2000, bursts = 500;
  std::vector<double> times(bursts);
  lua_State* L = vm.state();
  lua_call(L, 0, 1); // the chunk gives the function
  const auto call = [L] {
    lua_pushvalue(L, -1);
    (void)lua_pcall(L, 0, 0, 0);
  };
  const auto counted = [&] {
    vm.guard().begin(0);
    call();
  };
  for (double& time : times) {
    const double start = cpu_ns();
    if (how == way::plain)
      for (size_t i = 0; i < calls; ++i)
        call();
    else if (how == way::counted)
      vm.guard().enter([&] {
        for (size_t i = 0; i < calls; ++i)
          counted();
      });
    else
      for (size_t i = 0; i < calls; ++i)
        vm.guard().enter(counted);
    time = (cpu_ns() - start) / calls;
  }
  lua_pop(L, 1);
  std::nth_element(times.begin(), times.begin() + bursts / 2, times.end());
  return times[bursts / 2];
}

} // namespace

program_cost cost_of_program(const std::filesystem::path& program) {
  std::ifstream file{program, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  program_cost out{1e9, 1e9};
  for (int i = 0; i < runs; ++i) {
    out.plain_ms = std::min(out.plain_ms, run_program(text, false));
    out.limited_ms = std::min(out.limited_ms, run_program(text, true));
  }
  return out;
}

call_cost cost_of_call() {
  const std::string text = "return function() end";
  call_cost best{1e9, 1e9, 1e9};
  for (int i = 0; i < runs; ++i) {
    program_vm plain{text, false}, counted{text, true}, entered{text, true};
    best.plain_ns = std::min(best.plain_ns, run_calls(plain, way::plain));
    best.counted_ns = std::min(best.counted_ns, run_calls(counted, way::counted));
    best.entered_ns = std::min(best.entered_ns, run_calls(entered, way::entered));
  }
  return best;
}

} // namespace flowactors::bench
