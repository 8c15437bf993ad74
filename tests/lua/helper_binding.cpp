#define CAF_SUITE lua_helper_binding
#include "lua/helpers/helpers.hpp"
#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

#include <lua.hpp>

#include <string>

using namespace flowactors;

namespace {

/// A state with the helpers as globals.
struct state {
  explicit state(size_t most = 16u << 20, bool jit = true) : memory(most) {
    memory.now_ns = &now;
    luaL_openlibs(L);
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | (jit ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
    push_helpers(L, memory);
    for (lua_pushnil(L); lua_next(L, -2) != 0;) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_settable(L, LUA_GLOBALSINDEX);
    }
    lua_settop(L, 0);
  }
  ~state() {
    lua_close(L);
    CAF_CHECK_EQUAL(memory.used, 0u);
  }

  /// What the text returns, as text; or its error.
  std::string run(const std::string& text) {
    lua_settop(L, 0);
    const int failed = luaL_loadbuffer(L, text.data(), text.size(), "=t") != 0
                       || lua_pcall(L, 0, LUA_MULTRET, 0) != 0;
    std::string out = failed ? "error: " : "";
    for (int i = 1; i <= lua_gettop(L); ++i) {
      lua_getglobal(L, "tostring");
      lua_pushvalue(L, i);
      lua_call(L, 1, 1);
      size_t size = 0;
      const char* piece = lua_tolstring(L, -1, &size);
      out += (i > 1 ? " " : "") + std::string{piece, size};
      lua_pop(L, 1);
    }
    return out;
  }

  int64_t now = 1'700'000'000'000'000'000;
  helper_memory memory;
  lua_State* L = luaL_newstate();
};

} // namespace

CAF_TEST(counters count by packet time) {
  state aut;
  CAF_CHECK_EQUAL(
    aut.run("c = window_counter{window = 60, buckets = 12, max_keys = 10} "
            "return c:add('a'), c:add('a', 2.5), c:count('a'), c:count('b'), c:size()"),
    "1 3.5 3.5 0 1");
  aut.now += 61'000'000'000;
  CAF_CHECK_EQUAL(aut.run("return c:count('a'), c:add(7), c:add('a', 1, 1700000070.5), c:size(), "
                          "c:evicted()"),
                  "0 1 1 2 0");
  CAF_CHECK_EQUAL(aut.run("c:clear() return c:size(), tostring(c), c:add('7') == c:add(7)"),
                  "0 window_counter true");
}

CAF_TEST(different values are counted) {
  state aut;
  CAF_CHECK_EQUAL(aut.run("d = distinct() return d:add('h', 1), d:add('h', '1'), d:add('h', 1), "
                          "d:count('h'), d:count('x'), d:size(), d:evicted()"),
                  "1 2 2 2 0 1 0");
  CAF_CHECK_EQUAL(aut.run("for i = 1, 10000 do d:add('p', i) end "
                          "return math.abs(d:count('p') - 10000) < 500"),
                  "true");
}

CAF_TEST(the greatest are listed) {
  state aut;
  CAF_CHECK_EQUAL(
    aut.run("t = top_k{k = 2} t:add('a') t:add('b', 5) t:add(3) local l = t:list() "
            "return #l, l[1].key, l[1].count, l[1].error, l[2].key, l[2].count, l[2].error, "
            "#t:list(1), #t:list(0), #t:list(99), t:size(), t:total(), type(l[2].key)"),
    "2 b 5 0 3 2 1 1 0 2 2 7 number");
}

CAF_TEST(sets and maps expire) {
  state aut;
  CAF_CHECK_EQUAL(aut.run("s = expiring_set{ttl = 5, max = 10} m = expiring_map{ttl = 5} "
                          "m:set('a', 'x') m:set('b', 1.5) m:set(1, false) "
                          "return s:add('a'), s:add('a'), s:has('a'), s:size(), m:get('a'), "
                          "m:get('b'), m:get(1), m:get('1'), m:size()"),
                  "true false true 1 x 1.5 false nil 3");
  aut.now += 5'000'000'000;
  CAF_CHECK_EQUAL(aut.run("return s:has('a'), m:get('a'), s:size(), m:size(), s:add('a'), "
                          "s:remove('a'), s:remove('a'), m:remove('a'), s:evicted(), m:evicted()"),
                  "false nil 0 0 true true false false 0 0");
}

CAF_TEST(networks have labels of their own or none) {
  state aut;
  CAF_CHECK_EQUAL(aut.run("p = prefix_set{'10.0.0.0/8', ['10.1.0.0/16'] = 'lab', "
                          "['fd00::/8'] = 7} p:add('192.168.0.0/16') p:add('172.16.0.0/12', true) "
                          "return p:match('10.2.3.4'), p:match('10.1.2.3'), p:match('fd00::1'), "
                          "p:match('192.168.1.1'), p:match('172.16.0.1'), p:match('8.8.8.8'), "
                          "p:match('no address'), p:size(), p:remove('10.1.0.0/16'), "
                          "p:match('10.1.2.3')"),
                  "10.0.0.0/8 lab 7 192.168.0.0/16 true nil nil 5 true 10.0.0.0/8");
}

CAF_TEST(errors name the function and what was expected) {
  state aut;
  const auto fails = [&](const char* text, const char* message) {
    CAF_CHECK_EQUAL(aut.run(text), std::string{"error: t:1: "} + message);
  };
  fails("window_counter{windw = 1}",
        "window_counter: unknown option 'windw' (did you mean window?)");
  fails("window_counter{1}", "window_counter: options have names, got a key of type number");
  fails("window_counter(1)", "window_counter: a table of options was expected, got number");
  fails("window_counter{window = '1'}",
        "window_counter: option 'window': a number of seconds was expected, got string");
  fails("window_counter{buckets = 1.5}",
        "window_counter: option 'buckets': a whole number from 1 "
        "to 3600 was expected, got 1.5");
  fails("window_counter{window = 0/0}",
        "window_counter: option 'window': a number of seconds from "
        "0.001 to 100000000 was expected, got nan");
  fails("top_k{k = 0}", "top_k: option 'k': a whole number from 1 to 65536 was expected, got 0");
  fails("expiring_set{refresh = 1}",
        "expiring_set: option 'refresh': true or false was expected, got number");
  fails("distinct{from = 1}",
        "distinct: option 'from': a string that save() gave was expected, got number");
  fails("distinct{window = 0.0001}",
        "distinct: option 'window': 0 or at least 0.001 seconds was expected, got 0.0001");
  fails("window_counter():add()",
        "window_counter:add: argument 1 (key): a string or a number was "
        "expected, got nothing");
  fails("window_counter():add({})",
        "window_counter:add: argument 1 (key): a string or a number was expected, got table");
  fails("window_counter():add(0/0)", "window_counter:add: argument 1 (key): not a number (nan)");
  fails("window_counter():add(('x'):rep(65536))",
        "window_counter:add: argument 1 (key): a string of at most 65535 bytes was expected, got "
        "65536");
  fails("window_counter():add('a', 'b')",
        "window_counter:add: argument 2 (n): a number was expected, got string");
  fails("window_counter():add('a', 1, 1e300)",
        "window_counter:add: argument 3 (when): seconds since 1970 were expected, got 1e+300");
  fails("window_counter():add('a', 1/0)",
        "window_counter:add: argument 2 (n): a finite number was expected, got inf");
  fails("window_counter().add('a')",
        "window_counter:add: it is called on the helper, with a colon");
  fails("window_counter().add(top_k(), 'a')",
        "window_counter:add: it is called on the helper, with a colon");
  fails("window_counter():ad('a')", "window_counter: no method 'ad' (did you mean add?)");
  fails("top_k():add('a', -1)", "top_k:add: argument 2 (n): 0 or more was expected, got -1");
  fails("expiring_map():set('a', {})",
        "expiring_map:set: argument 2 (value): a string, a number or a boolean was expected, got "
        "table (json.encode makes a string of it)");
  fails("expiring_map():set('a')",
        "expiring_map:set: argument 2 (value): a string, a number or a boolean was expected, got "
        "nil (remove(key) takes a key out)");
  fails("prefix_set{'10.0.0.0/33'}",
        "prefix_set: a network such as '10.0.0.0/8' or "
        "'2001:db8::/32' was expected, got '10.0.0.0/33'");
  fails("prefix_set{['10.0.0.0/8'] = {}}",
        "prefix_set: a label is a string, a number or a boolean, got table");
  fails("prefix_set():match()",
        "prefix_set:match: argument 1 (ip): an address was expected, got nothing");
}

CAF_TEST(scripts see nothing behind an object) {
  state aut;
  for (const char* name :
       {"window_counter", "distinct", "top_k", "expiring_set", "expiring_map", "prefix_set"}) {
    const std::string made = std::string{"o = "} + name + "() ";
    CAF_CHECK_EQUAL(aut.run(made + "return getmetatable(o), (pcall(setmetatable, o, {}))"),
                    "false false");
    CAF_CHECK_EQUAL(aut.run(made + "return pcall(function() o.x = 1 end)").substr(0, 5), "false");
    CAF_CHECK_EQUAL(aut.run(made + "return pcall(function() return o.__gc end)"),
                    std::string{"false t:1: "} + name + ": no method '__gc'");
  }
}

CAF_TEST(memory is refused over its bound and an error leaves nothing behind) {
  state aut{100'000};
  const std::string full = aut.run(
    "c = {} for i = 1, 100 do c[i] = window_counter() "
    "for k = 1, 1000 do c[i]:add(k) end end");
  CAF_CHECK(full.find("window_counter:add: no memory: the helpers of all scripts here hold")
            != std::string::npos);
  CAF_CHECK_LESS(aut.memory.used, 100'001u);
  // What the collector takes is there again.
  CAF_CHECK_EQUAL(aut.run("c = nil collectgarbage() collectgarbage() c = window_counter() "
                          "return c:add(1)"),
                  "1");
}

CAF_TEST(what was saved goes on in another state) {
  state one, two;
  const char* make[] = {"window_counter{window = 10, from = from}",
                        "distinct{window = 10, from = from}",
                        "top_k{k = 5, from = from}",
                        "expiring_set{ttl = 10, from = from}",
                        "expiring_map{ttl = 10, from = from}",
                        "prefix_set{from = from}"};
  const char* fill[] = {"for i = 1, 100 do o:add(i % 7) end",
                        "for i = 1, 1000 do o:add(i % 7, i) end",
                        "for i = 1, 100 do o:add(i % 7) end",
                        "for i = 1, 100 do o:add(i % 7) end",
                        "for i = 1, 100 do o:set(i % 7, 'v' .. i) end",
                        "for i = 1, 100 do o:add(i .. '.0.0.0/8', i) end"};
  for (size_t i = 0; i < 6; ++i) {
    const std::string bytes =
      one.run(std::string{"o = "} + make[i] + " " + fill[i] + " return o:save()");
    CAF_REQUIRE(bytes.compare(0, 7, "error: ") != 0);
    lua_pushlstring(two.L, bytes.data(), bytes.size());
    lua_setglobal(two.L, "from");
    CAF_CHECK(two.run(std::string{"o = "} + make[i] + " return o:save()") == bytes);
    // Half of it, and the bytes of another helper.
    const std::string damaged = "these are not whole bytes that save() of a ";
    CAF_CHECK(two.run(std::string{"from = from:sub(1, #from / 2) return "} + make[i]).find(damaged)
              != std::string::npos);
    lua_pushlstring(two.L, bytes.data(), bytes.size());
    lua_setglobal(two.L, "from");
    CAF_CHECK(two.run(std::string{"return "} + make[(i + 1) % 6]).find(damaged)
              != std::string::npos);
  }
}

CAF_TEST(results are the same with and without the compiler) {
  const char* text =
    "local c, d, t, s, m = window_counter{window = 5, buckets = 5, max_keys = 50}, "
    "distinct{window = 5, max_keys = 20}, top_k{k = 10}, "
    "expiring_set{ttl = 3, max = 30}, expiring_map{ttl = 3, max = 30} "
    "local out, x = {}, 1 "
    "for i = 1, 5000 do x = x * 16807 % 2147483647 "
    "local key, now = 'k' .. x % 60, i / 50 "
    "out[#out + 1] = c:add(key, x % 3, now) + d:add(key, x % 100, now) "
    "t:add(key) m:set(key, i, now) "
    "out[#out + 1] = tostring(s:add(key, now)) .. tostring(m:get('k7', now)) end "
    "for _, item in ipairs(t:list()) do out[#out + 1] = item.key .. item.count end "
    "return c:evicted(), d:evicted(), s:evicted(), table.concat(out, ' ')";
  state on, off{16u << 20, false};
  const std::string first = on.run(text);
  CAF_CHECK(first.compare(0, 7, "error: ") != 0);
  CAF_CHECK(first == off.run(text));
}

CAF_TEST(scripts have the helpers by packet time) {
  test::script_tree tree;
  tree.write("a.lua",
             "local seen = window_counter{window = 10, buckets = 10} "
             "return {flowCreate = function() io.write(seen:add('x'), ' ') end}");
  test::running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_REQUIRE(aut.vm->load_faults().empty());
  flow_record flow{};
  for (const int64_t now : {100, 105, 109, 112})
    aut.run(event_kind::created, flow, now * 1'000'000'000);
  CAF_CHECK_EQUAL(aut.said.written, "1 2 3 3 ");
}

namespace {

/// What a callback writes that runs this text, in a VM with the compiled methods or without.
std::string played(const std::string& text, jit_mode jit, size_t helper_bytes = 16u << 20) {
  test::script_tree tree;
  tree.write("a.lua", "return {flowCreate = function()\n" + text + "\nend}");
  test::notes said;
  script_vm_options options;
  options.root = tree.root();
  options.jit = jit;
  options.output = &said;
  options.helper_bytes = helper_bytes;
  options.limits.deadline = {}; // thousands of calls in one callback
  auto vm = script_vm::make(options);
  CAF_REQUIRE(vm);
  flow_record flow{};
  (*vm)->handle(event_kind::created, flow, 1'700'000'000'000'000'000);
  (*vm)->flush();
  for (const auto& fault : said.faults)
    CAF_ERROR(fault.text);
  return said.written;
}

} // namespace

CAF_TEST(compiled methods give what those in C give) {
  const std::string text =
    "local c, d, t, s = window_counter{max_keys = 50}, distinct{max_keys = 20}, top_k{k = 10}, "
    "expiring_set{ttl = 3, max = 30} local x = 1 "
    "for i = 1, 3000 do x = x * 16807 % 2147483647 "
    "local key = i % 10 == 0 and i or 'k' .. x % 60 t:add(key) t:add(key, x % 5) "
    "io.write(c:add(key, x % 3), ' ', c:add(key), ' ', c:count('k7'), ' ', d:add(key, x % 100), ' "
    "', d:add(key, 'v' .. x % 9), ' ', tostring(s:add(key)), tostring(s:has('k9')), ' ') end "
    "for _, item in ipairs(t:list()) do io.write(item.key, '=', item.count, ' ') end";
  const std::string compiled = played(text, jit_mode::on);
  CAF_CHECK(compiled.size() > 50'000);
  CAF_CHECK(compiled == played(text, jit_mode::off));
}

CAF_TEST(compiled methods fail as those in C do) {
  const std::string text =
    "local c, d, t, s = window_counter(), distinct(), top_k(), expiring_set()\n"
    "for i = 1, 500 do c:add('a') d:add('a', 1) t:add('a') s:add('a') end\n"
    "local long = ('x'):rep(65536)\n"
    "local function tell(f, ...) local _, why = pcall(f, ...) io.write(tostring(why), '; ') end\n"
    "for _, method in ipairs{c.add, c.count, d.add, t.add, s.add, s.has} do\n"
    "tell(function() method() end) tell(function() method({}, 'a') end)\n"
    "tell(function() method('a', 'a') end) tell(function() method(print, 'a') end) end\n"
    "tell(function() c.add(t, 'a') end) tell(function() s.has(c, 'a') end)\n"
    "for _, wrong in ipairs{{}, true, long, 0/0} do\n"
    "tell(function() c:add(wrong) end) tell(function() d:add(wrong, 1) end)\n"
    "tell(function() d:add('a', wrong) end) tell(function() t:add(wrong) end)\n"
    "tell(function() s:add(wrong) end) end\n"
    "for _, wrong in ipairs{'x', {}, 0/0, 1/0, -1/0} do\n"
    "tell(function() c:add('a', wrong) end) tell(function() t:add('a', wrong) end) end\n"
    "tell(function() t:add('a', -1) end) io.write(c:count('a'), ' ', t:total())";
  const std::string compiled = played(text, jit_mode::on);
  CAF_CHECK_EQUAL(compiled, played(text, jit_mode::off));
  CAF_CHECK(compiled.find("window_counter:add: it is called on the helper") != std::string::npos);
  CAF_CHECK(compiled.ends_with("; 500 500"));
}

CAF_TEST(compiled methods tell that memory is out) {
  for (const jit_mode jit : {jit_mode::on, jit_mode::off}) {
    const std::string told = played(
      "local c = window_counter() local _, why = pcall(function() for i = 1, 1e6 do "
      "c:add('k' .. i) end end) io.write(why)",
      jit, 100'000);
    CAF_CHECK(told.find("a.lua:2: window_counter:add: no memory: the helpers of all scripts here "
                        "hold")
              == 0);
  }
}

CAF_TEST(random calls give values or errors and the same in both ways) {
  const std::string text =
    "local makers = {window_counter, distinct, top_k, expiring_set, expiring_map, prefix_set} "
    "local names = {'add', 'count', 'has', 'set', 'get', 'remove', 'match', 'list', 'size', 'clear', "
    "'total', 'evicted', 'save'} "
    "local made = {} for i, make in ipairs(makers) do made[i] = make() end "
    "local values = {'a', 'b', '10.0.0.0/8', '10.1.2.3', '::1', '', ('x'):rep(40), 7, 0, -1, 1.5, "
    "1e300, 1/0, 0/0, true, false, {}, print, made[1], made[3], ('y'):rep(70000)} "
    "local x = 1 local function pick(n) x = x * 16807 % 2147483647 return x % n + 1 end "
    "local function tell(ok, value) "
    "if type(value) == 'string' then value = #value .. value:sub(1, 90) end "
    "if type(value) == 'table' then value = #value end io.write(tostring(value), '\\n') end "
    "for i = 1, 20000 do "
    "local kind = pick(6) local object, name = made[kind], names[pick(#names)] "
    "local a, b, c = values[pick(#values + 3)], values[pick(#values + 8)], values[pick(#values + 30)] "
    "if pick(50) == 1 then object = values[pick(#values)] end "
    "if pick(300) == 1 then local ok, again = pcall(function() return makers[kind]{from = "
    "made[kind]:save()} end) if ok then made[kind] = again end end "
    "tell(pcall(function() local v = object[name](object, a, b, c) return v end)) end";
  const std::string compiled = played(text, jit_mode::on);
  CAF_CHECK(compiled.size() > 100'000);
  CAF_CHECK(compiled == played(text, jit_mode::off));
}
