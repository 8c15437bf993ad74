#define CAF_SUITE lua_packed_value
#include "lua/packed_value.hpp"

#include "tests/suite.hpp"

#include <lua.hpp>

#include <random>
#include <string>

using namespace flowactors;

namespace {

/// A Lua state that packs and unpacks.
struct fixture {
  fixture() : L(luaL_newstate()) { luaL_openlibs(L); }
  ~fixture() { lua_close(L); }

  /// What string.buffer.encode makes of the value of an expression.
  std::string packed(const std::string& expression) {
    const auto code = "return require('string.buffer').encode(" + expression + ")";
    CAF_REQUIRE_EQUAL(luaL_dostring(L, code.c_str()), 0);
    size_t size = 0;
    const char* const bytes = lua_tolstring(L, -1, &size);
    std::string out(bytes, size);
    lua_settop(L, 0);
    return out;
  }

  /// Unpacks, which must not end the process; any error is fine.
  void unpack(const std::string& bytes) {
    lua_getglobal(L, "require");
    lua_pushstring(L, "string.buffer");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "decode");
    lua_pushlstring(L, bytes.data(), bytes.size());
    lua_pcall(L, 1, 1, 0);
    lua_settop(L, 0);
  }

  lua_State* L;
};

const char* const values[] = {
  "nil",
  "true",
  "false",
  "0",
  "-1",
  "2^31",
  "1.5",
  "1/0",
  "0/0",
  "''",
  "'text'",
  "('x'):rep(300)",
  "('x'):rep(70000)",
  "{}",
  "{1, 2, 3}",
  "{a = 1, b = {c = {d = 'e'}}}",
  "{1, 2, x = {true, false}, [5] = 'five'}",
  "{[0] = 1, 2, 3}",
  "{[1.5] = 'a', [true] = 'b'}",
  "(function() local t = {} for i = 1, 1000 do t[i] = i end return t end)()",
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(packed_value_tests, fixture)

CAF_TEST(what a script packs is a value) {
  for (const char* each : values)
    CAF_CHECK(is_packed_value(packed(each)));
}

CAF_TEST(a value with something missing or behind it is none) {
  for (const char* each : values) {
    const auto whole = packed(each);
    for (size_t size = 0; size < std::min<size_t>(whole.size(), 400); ++size)
      CAF_CHECK(!is_packed_value(std::string_view(whole).substr(0, size)));
    CAF_CHECK(!is_packed_value(whole + std::string(1, '\0')));
  }
}

CAF_TEST(values of the host and of FFI are none) {
  CAF_CHECK(!is_packed_value(packed("1LL")));
  CAF_CHECK(!is_packed_value(packed("2ULL")));
  for (unsigned tag = 3; tag < 32; ++tag)
    if (tag != 6 && tag != 7 && (tag < 8 || tag > 13))
      CAF_CHECK(!is_packed_value(std::string(1, static_cast<char>(tag)) + std::string(20, '\0')));
}

CAF_TEST(tables that claim more than they hold are none) {
  const std::string many("\xff\xff\xff\xff\xff", 5);
  CAF_CHECK(!is_packed_value("\x09" + many));
  CAF_CHECK(!is_packed_value("\x0a" + many));
  CAF_CHECK(!is_packed_value("\x0d" + many + many));
  CAF_CHECK(!is_packed_value(many)); // a text of 4 GiB
}

CAF_TEST(tables in tables end somewhere) {
  const auto nested = [](size_t depth) { // each a list of one
    std::string out;
    for (size_t i = 0; i < depth; ++i)
      out += std::string("\x0c\x02", 2);
    return out + '\x02';
  };
  CAF_CHECK(is_packed_value(nested(50)));
  CAF_CHECK(!is_packed_value(nested(200)));
  CAF_CHECK(!is_packed_value(nested(1'000'000)));
}

CAF_TEST(what passes can be unpacked whatever it was made from) {
  std::minstd_rand random{3};
  size_t passed = 0;
  for (int i = 0; i < 30'000; ++i) {
    auto bytes = packed(values[11 + random() % 8]).substr(0, 2000);
    for (size_t k = 0, n = random() % 4; k < n; ++k)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    if (!is_packed_value(bytes))
      continue;
    ++passed;
    unpack(bytes);
  }
  CAF_CHECK_GREATER(passed, 100u);
}

CAF_TEST_FIXTURE_SCOPE_END()
