#define CAF_SUITE lua_helper_expiring
#include "lua/helpers/expiring_map.hpp"
#include "lua/helpers/expiring_set.hpp"
#include "tests/lua/helper_fixture.hpp"
#include "tests/suite.hpp"

#include <map>
#include <memory>
#include <random>

using namespace flowactors;
using namespace flowactors::test;

namespace {

bool add(expiring_set& aut, std::string_view key, int64_t when) {
  const auto is_new = aut.add(text_scalar(key), when * second);
  CAF_REQUIRE(is_new.has_value());
  return *is_new;
}

bool has(const expiring_set& aut, std::string_view key, int64_t when) {
  return aut.has(text_scalar(key), when * second);
}

std::string get(const expiring_map& aut, std::string_view key, int64_t when) {
  const scalar value = aut.get(text_scalar(key), when * second);
  return value.kind == scalar_kind::none ? "-" : std::string{value.bytes};
}

bool set(expiring_map& aut, std::string_view key, std::string_view value, int64_t when) {
  return aut.set(text_scalar(key), text_scalar(value), when * second);
}

} // namespace

CAF_TEST(a key is new until its time is over) {
  helper_memory memory;
  expiring_set aut{memory, {10 * second, 100, false}};
  CAF_CHECK(add(aut, "a", 0));
  CAF_CHECK(!add(aut, "a", 9));
  CAF_CHECK(has(aut, "a", 9));
  CAF_CHECK(!has(aut, "a", 10));
  CAF_CHECK(add(aut, "a", 10));
  CAF_CHECK(aut.remove(text_scalar("a"), 11 * second));
  CAF_CHECK(!aut.remove(text_scalar("a"), 11 * second));
  CAF_CHECK(add(aut, "a", 11));
}

CAF_TEST(a key that is refreshed lives on) {
  helper_memory memory;
  expiring_set aut{memory, {10 * second, 100, true}};
  add(aut, "a", 0);
  CAF_CHECK(!add(aut, "a", 9));
  CAF_CHECK(!add(aut, "a", 18));
  CAF_CHECK(has(aut, "a", 27));
  CAF_CHECK(!has(aut, "a", 28));
}

CAF_TEST(without a time keys stay) {
  helper_memory memory;
  expiring_set aut{memory, {0, 100, true}};
  add(aut, "a", 0);
  CAF_CHECK(has(aut, "a", 4'000'000'000));
}

CAF_TEST(the key that was put longest ago makes room) {
  helper_memory memory;
  expiring_set aut{memory, {10 * second, 2, true}};
  add(aut, "a", 0);
  add(aut, "b", 1);
  add(aut, "a", 2);
  add(aut, "c", 3);
  CAF_CHECK_EQUAL(aut.evicted(), 1u);
  CAF_CHECK(!has(aut, "b", 3));
  CAF_CHECK(has(aut, "a", 3));
  add(aut, "d", 30); // the others are over
  CAF_CHECK_EQUAL(aut.evicted(), 1u);
  CAF_CHECK_EQUAL(aut.size(30 * second), 1u);
}

CAF_TEST(a set does what a map of times does) {
  std::mt19937 random{11};
  helper_memory memory;
  expiring_set aut{memory, {20 * second, 1000, true}};
  std::map<std::string, int64_t> until;
  int64_t now = 0;
  for (int step = 0; step < 30'000; ++step) {
    now += random() % 8 == 0;
    const std::string key = std::to_string(random() % 100);
    const bool there = until.count(key) == 1 && until[key] > now;
    switch (random() % 3) {
      case 0:
        CAF_REQUIRE_EQUAL(add(aut, key, now), !there);
        until[key] = now + 20;
        break;
      case 1:
        CAF_REQUIRE_EQUAL(has(aut, key, now), there);
        break;
      default:
        if (random() % 8 == 0) {
          CAF_REQUIRE_EQUAL(aut.remove(text_scalar(key), now * second), there);
          until.erase(key);
        }
    }
  }
  CAF_CHECK_EQUAL(aut.evicted(), 0u);
}

CAF_TEST(a map keeps values of all kinds and sizes) {
  helper_memory memory;
  {
    expiring_map aut{memory, {10 * second, 100}};
    for (const size_t size : {0, 32, 33, 65535}) {
      const std::string value(size, 'v');
      CAF_CHECK(set(aut, "a", value, 1));
      CAF_CHECK_EQUAL(get(aut, "a", 1), value);
    }
    CAF_CHECK(aut.set(text_scalar("n"), number_scalar{1.5}, second));
    CAF_CHECK_EQUAL(number_of(aut.get(text_scalar("n"), second)), 1.5);
    CAF_CHECK_EQUAL(get(aut, "a", 11), "-");
    CAF_CHECK_EQUAL(get(aut, "other", 1), "-");
    CAF_CHECK(set(aut, "b", std::string(100, 'x'), 20));
    CAF_CHECK_EQUAL(aut.size(20 * second), 1u);
    CAF_CHECK(aut.remove(text_scalar("b"), 20 * second));
    CAF_CHECK(set(aut, "c", std::string(100, 'x'), 20));
  }
  CAF_CHECK_EQUAL(memory.used, 0u);
}

CAF_TEST(a map without memory loses the key that was set) {
  helper_memory memory{5000};
  expiring_map aut{memory, {10 * second, 100}};
  CAF_CHECK(set(aut, "a", "1", 1));
  CAF_CHECK(set(aut, "b", "2", 1));
  CAF_CHECK(!set(aut, "a", std::string(5000, 'x'), 1));
  CAF_CHECK_EQUAL(get(aut, "a", 1), "-");
  CAF_CHECK_EQUAL(get(aut, "b", 1), "2");
}

CAF_TEST(what is kept is saved and restored) {
  helper_memory memory;
  const expiring_set::options set_options{10 * second, 100, false};
  expiring_set keys{memory, set_options}, same_keys{memory, set_options};
  add(keys, "a", 1);
  add(keys, std::string(50, 'b'), 5);
  const std::string key_bytes = saved(keys);
  CAF_CHECK(restore(same_keys, key_bytes) == restored::whole);
  CAF_CHECK_EQUAL(saved(same_keys), key_bytes);
  CAF_CHECK(!has(same_keys, "a", 11));
  CAF_CHECK(has(same_keys, std::string(50, 'b'), 11));
  const expiring_map::options map_options{10 * second, 100};
  expiring_map values{memory, map_options}, same_values{memory, map_options};
  set(values, "a", std::string(50, 'b'), 1);
  values.set(number_scalar{7}, number_scalar{8}, 3 * second);
  const std::string value_bytes = saved(values);
  CAF_CHECK(restore(same_values, value_bytes) == restored::whole);
  CAF_CHECK_EQUAL(saved(same_values), value_bytes);
  CAF_CHECK_EQUAL(get(same_values, "a", 10), std::string(50, 'b'));
  CAF_CHECK_EQUAL(number_of(same_values.get(number_scalar{7}, 3 * second)), 8);
  const size_t wrong_sets = cuts_taken_for_whole(
    key_bytes, [&] { return std::make_unique<expiring_set>(memory, set_options); });
  CAF_CHECK_EQUAL(wrong_sets, 0u);
  const size_t wrong_maps = cuts_taken_for_whole(
    value_bytes, [&] { return std::make_unique<expiring_map>(memory, map_options); });
  CAF_CHECK_EQUAL(wrong_maps, 0u);
}
