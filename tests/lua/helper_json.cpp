#define CAF_SUITE lua_helper_json
#include "lua/helpers/json.hpp"
#include "lua/helpers/json_text.hpp"
#include "tests/suite.hpp"

#include <lua.hpp>

#include <random>
#include <string>

using namespace flowactors;

namespace {

struct state {
  explicit state(const json_limits& limits = {}) {
    luaL_openlibs(L);
    push_json(L, limits);
    lua_setglobal(L, "json");
  }
  ~state() { lua_close(L); }

  std::string run(const std::string& text) {
    lua_settop(L, 0);
    const int failed = luaL_loadbuffer(L, text.data(), text.size(), "=t") != 0
                       || lua_pcall(L, 0, LUA_MULTRET, 0) != 0;
    std::string out = failed ? "error: " : "";
    for (int i = 1, last = lua_gettop(L); i <= last; ++i) {
      lua_getglobal(L, "tostring");
      lua_pushvalue(L, i);
      lua_call(L, 1, 1);
      out += (i > 1 ? " " : "") + std::string{lua_tostring(L, -1)};
      lua_pop(L, 1);
    }
    return out;
  }

  lua_State* L = luaL_newstate();
};

std::string written(std::string_view text) {
  std::string out;
  write_json_text(text, out);
  return out;
}

std::string written(double value) {
  std::string out;
  write_json_number(value, out);
  return out;
}

} // namespace

CAF_TEST(values are written as JSON has them) {
  state aut;
  CAF_CHECK_EQUAL(aut.run("return json.encode{b = 1, a = 'x', [2] = true, c = {1, 2, {}}, d = {x = "
                          "{y = false}}}"),
                  R"({"2":true,"a":"x","b":1,"c":[1,2,[]],"d":{"x":{"y":false}}})");
  CAF_CHECK_EQUAL(aut.run("return json.encode(nil), json.encode(1.5), json.encode('x'), "
                          "json.encode{1, nil, 3}, json.encode{[2] = 1}"),
                  R"(null 1.5 "x" {"1":1,"3":3} {"2":1})");
}

CAF_TEST(tables of any size have their keys in order) {
  state aut;
  CAF_CHECK_EQUAL(aut.run(R"(
local function expected(size)
  local parts = {}
  for i = 10, 9 + size do parts[#parts + 1] = '"k' .. i .. '":[' .. i .. ',{"n":' .. i .. '}]' end
  return '{' .. table.concat(parts, ',') .. '}'
end
for size = 1, 60 do
  local t = {}
  for i = 9 + size, 10, -1 do t['k' .. i] = {i, {n = i}} end
  assert(json.encode(t) == expected(size), size)
  assert(json.encode{t, t} == '[' .. expected(size) .. ',' .. expected(size) .. ']', size)
end
return 'equal')"),
                  "equal");
}

CAF_TEST(numbers read back to the same) {
  CAF_CHECK_EQUAL(written(0.1), "0.1");
  CAF_CHECK_EQUAL(written(-0.0), "0");
  CAF_CHECK_EQUAL(written(1e14), "100000000000000");
  CAF_CHECK_EQUAL(written(9007199254740993.0), "9007199254740992");
  CAF_CHECK_EQUAL(written(1e300), "1e+300");
  CAF_CHECK_EQUAL(written(1.0 / 0.0), "null");
  state aut;
  CAF_CHECK_EQUAL(aut.run("for i = 1, 1000 do local x = (math.random() - 0.5) * 2 ^ (i % 600) "
                          "assert(json.decode(json.encode(x)) == x) end return 'equal'"),
                  "equal");
}

CAF_TEST(texts are escaped and made UTF - 8) {
  CAF_CHECK_EQUAL(written("a\"b\\c\n\r\t\x01\x7f"), R"("a\"b\\c\n\r\t\u0001\u007f")");
  CAF_CHECK_EQUAL(written("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"),
                  "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"");
  const std::string replaced = "\xef\xbf\xbd";
  CAF_CHECK_EQUAL(written("x\xffy"), "\"x" + replaced + "y\"");
  CAF_CHECK_EQUAL(written("\xc3"), "\"" + replaced + "\"");
  CAF_CHECK_EQUAL(written("\xc0\x80"), "\"" + replaced + replaced + "\"");
  CAF_CHECK_EQUAL(written("\xed\xa0\x80"), "\"" + replaced + replaced + replaced + "\"");
  CAF_CHECK_EQUAL(written("\xf5\x80\x80\x80").size(), 2 + 4 * replaced.size());
}

CAF_TEST(texts are read) {
  state aut;
  CAF_CHECK_EQUAL(
    aut.run("local t = json.decode('{\"a\": [1, -2.5e3, null, \"x\\\\u00e4\\\\n\"], "
            "\"b\": {\"c\": true, \"d\": null}}') "
            "return t.a[1], t.a[2], t.a[3], t.a[4] == 'x\\195\\164\\n', t.b.c, t.b.d, "
            "json.decode('\"x\"'), json.decode('null'), #json.decode('[]')"),
    "1 -2500 nil true true nil x nil 0");
}

CAF_TEST(what is no JSON gives nil and a message) {
  state aut;
  for (const char* wrong : {"", "{", "[1,]", "{\"a\" 1}", "nul", "1e999", "\"\\ud800\"", "[1] 2",
                            "\"\xff\"", "'x'", "{1: 2}", "\"\n\""}) {
    lua_pushstring(aut.L, wrong);
    lua_setglobal(aut.L, "wrong");
    const std::string told = aut.run("local value, why = json.decode(wrong) return value, why");
    CAF_CHECK_EQUAL(told.substr(0, 17), "nil json.decode: ");
    CAF_CHECK(told.size() > 20);
    CAF_CHECK(told.find("json.exception") == std::string::npos);
  }
}

CAF_TEST(depth and size are bounded) {
  state aut{{1000, 10, 50, 200}};
  CAF_CHECK_EQUAL(aut.run("return json.decode(('['):rep(11) .. (']'):rep(11))"),
                  "nil json.decode: arrays and objects are more than 10 deep");
  CAF_CHECK_EQUAL(aut.run("return #json.decode(('['):rep(10) .. (']'):rep(10))"), "1");
  CAF_CHECK_EQUAL(aut.run("return json.decode('\"' .. ('x'):rep(1000) .. '\"')"),
                  "nil json.decode: the text is more than 1000 bytes long");
  CAF_CHECK_EQUAL(aut.run("local t = {} t.t = t t = json.encode(t)"),
                  "error: t:1: json.encode: tables are more than 10 deep (or one contains itself)");
  const std::string longer = "error: t:1: json.encode: the text is more than 1000 bytes long";
  CAF_CHECK_EQUAL(aut.run("local t = json.encode(('x'):rep(999))"), longer);
  CAF_CHECK_EQUAL(aut.run("local t = {} for i = 1, 400 do t[i] = i end t = json.encode(t)"),
                  longer);
  CAF_CHECK_EQUAL(aut.run("local t = {} for i = 1, 51 do t[-i] = i end t = json.encode(t)"),
                  "error: t:1: json.encode: more than 50 keys");
  CAF_CHECK_EQUAL(aut.run("local t = {} for i = 1, 40 do t[-i] = i end "
                          "return type(json.encode({a = t, b = t}))"),
                  "string");
  CAF_CHECK_EQUAL(aut.run("return #json.decode('[' .. ('1,'):rep(198) .. '1]')"), "199");
  CAF_CHECK_EQUAL(aut.run("return json.decode('[' .. ('1,'):rep(200) .. '1]')"),
                  "nil json.decode: more than 200 values");
  state usual;
  CAF_CHECK_EQUAL(usual.run("return json.decode(('[{\"a\":'):rep(100000))"),
                  "nil json.decode: arrays and objects are more than 64 deep");
  CAF_CHECK_EQUAL(usual.run("local t = json.decode('[' .. ('1,'):rep(100000) .. '1]') return #t"),
                  "100001");
}

CAF_TEST(the keys of a large object are in order) {
  state aut;
  CAF_CHECK_EQUAL(aut.run(R"~(
    local t = {}
    for i = 1, 3000 do t[("k%05d"):format(i * 7919 % 3000)] = {b = i, a = {i}} end
    local last, count = "", 0
    for key in json.encode(t):gmatch('"(k%d+)":{"a":%[%d+%],"b":%d+}') do
      if key <= last then return "out of order" end
      last, count = key, count + 1
    end
    return count)~"),
                  "3000");
}

CAF_TEST(what JSON has no form for is an error) {
  state aut;
  CAF_CHECK_EQUAL(aut.run("local t = json.encode{print}"),
                  "error: t:1: json.encode: a string, a number, a boolean, a table or nil was "
                  "expected, got function");
  CAF_CHECK_EQUAL(aut.run("local t = json.encode{a = 1, b = {c = {1, print}}}"),
                  "error: t:1: json.encode: a string, a number, a boolean, a table or nil was "
                  "expected, got function (field 'c')");
  CAF_CHECK_EQUAL(
    aut.run("local t = json.encode{[true] = 1}"),
    "error: t:1: json.encode: keys are strings or numbers, got a key of type boolean");
  CAF_CHECK_EQUAL(aut.run("local t = json.decode({})"),
                  "error: t:1: json.decode: argument 1 (text): "
                  "a string was expected, got table");
  // The next one starts anew.
  CAF_CHECK_EQUAL(aut.run("return json.encode{a = 1}"), R"({"a":1})");
}

CAF_TEST(random bytes are read or refused) {
  state aut;
  std::mt19937 random{2};
  const std::string pieces = "[]{}\",:0123456789.eE+-truefalsn \\u\xc3\xa4\xff\n";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (size_t n = random() % 30; n > 0; --n)
      text += pieces[random() % pieces.size()];
    lua_settop(aut.L, 0);
    lua_getglobal(aut.L, "json");
    lua_getfield(aut.L, -1, "decode");
    lua_pushlstring(aut.L, text.data(), text.size());
    CAF_REQUIRE_EQUAL(lua_pcall(aut.L, 1, LUA_MULTRET, 0), 0);
  }
}
