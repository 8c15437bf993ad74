#define CAF_SUITE lua_helper_basis
#include "lua/helpers/keyed_table.hpp"
#include "lua/helpers/saved_bytes.hpp"
#include "tests/suite.hpp"

#include <list>
#include <map>
#include <numeric>
#include <random>
#include <string>

using namespace flowactors;

namespace {

std::string many(size_t n, char c) {
  return std::string(n, c);
}

} // namespace

CAF_TEST(SipHash gives the values of its paper) {
  unsigned char message[15];
  std::iota(std::begin(message), std::end(message), 0);
  const auto got = sip_hash<2, 4>::of(message, 15, 0x0706050403020100, 0x0f0e0d0c0b0a0908);
  CAF_CHECK_EQUAL(got, 0xa129ca6149be45e5u);
  const auto nothing = sip_hash<2, 4>::of(message, 0, 0x0706050403020100, 0x0f0e0d0c0b0a0908);
  CAF_CHECK_EQUAL(nothing, 0x726fdb47dd0e0e31u);
}

CAF_TEST(memory is counted and refused over its bound) {
  helper_memory memory{1000};
  void* a = memory.resize(nullptr, 400);
  CAF_REQUIRE(a != nullptr);
  CAF_CHECK_GREATER(memory.used, 399u);
  CAF_CHECK(memory.resize(nullptr, 600) == nullptr);
  CAF_CHECK(memory.resize(a, 1000) == nullptr);
  void* b = memory.resize(nullptr, 100);
  CAF_REQUIRE(b != nullptr);
  a = memory.resize(a, 200);
  CAF_REQUIRE(a != nullptr);
  CAF_CHECK(memory.resize(nullptr, ~size_t{0}) == nullptr);
  const size_t both = memory.used;
  memory.release(a);
  CAF_CHECK_LESS(memory.used, both);
  memory.release(b);
  CAF_CHECK_EQUAL(memory.used, 0u);
}

CAF_TEST(memory that nobody gave back goes with the whole) {
  // The leak checker fails this test if it does not.
  helper_memory memory;
  for (size_t i = 1; i < 100; ++i)
    CAF_CHECK(memory.resize(nullptr, i * 10) != nullptr);
  memory.release_all();
  CAF_CHECK_EQUAL(memory.used, 0u);
  CAF_CHECK(memory.resize(nullptr, 10) != nullptr);
}

CAF_TEST(scalars are kept whatever their size) {
  helper_memory memory;
  for (const size_t size : {0, 1, 31, 32, 33, 1000, 65535}) {
    kept_scalar kept;
    const std::string text = many(size, 'x');
    CAF_REQUIRE(kept.keep(text_scalar(text), memory));
    CAF_CHECK(kept.get() == text_scalar(text));
    kept.drop(memory);
    CAF_CHECK(kept.get() == scalar{});
  }
  CAF_CHECK_EQUAL(memory.used, 0u);
  kept_scalar zero;
  CAF_REQUIRE(zero.keep(number_scalar{-0.0}, memory));
  CAF_CHECK(zero.get() == number_scalar{0.0});
  CAF_CHECK(!(zero.get() == text_scalar({zero.get().bytes})));
}

CAF_TEST(a table does what a map and a list do) {
  std::mt19937 random{1};
  helper_memory memory;
  {
    keyed_table<int> aut{memory, 300};
    std::map<std::string, int> values;
    std::list<std::string> order;
    for (int step = 0; step < 50'000; ++step) {
      const std::string key =
        many(random() % 3 == 0 ? 40 : 4, 'k') + std::to_string(random() % 400);
      const auto hash = aut.hash(text_scalar(key));
      const uint32_t found = aut.find(text_scalar(key), hash);
      CAF_REQUIRE_EQUAL(found != aut.none, values.count(key) == 1);
      if (found != aut.none) {
        CAF_REQUIRE_EQUAL(aut[found], values[key]);
        if (random() % 2 == 0) {
          aut.erase(found);
          values.erase(key);
          order.remove(key);
        } else {
          aut.touch(found);
          order.remove(key);
          order.push_back(key);
        }
        continue;
      }
      if (aut.full()) {
        CAF_REQUIRE_EQUAL(aut.insert(text_scalar(key), hash), aut.none);
        values.erase(order.front());
        order.pop_front();
        aut.erase(aut.oldest());
      }
      const uint32_t made = aut.insert(text_scalar(key), hash);
      CAF_REQUIRE(made != aut.none);
      CAF_REQUIRE_EQUAL(aut[made], 0);
      aut[made] = step;
      values[key] = step;
      order.push_back(key);
    }
    CAF_REQUIRE_EQUAL(size_t{aut.size()}, values.size());
    uint32_t entry = aut.oldest();
    for (const auto& key : order) {
      CAF_REQUIRE(aut.key(entry) == text_scalar(key));
      entry = aut.after(entry);
    }
    CAF_CHECK_EQUAL(entry, aut.none);
    aut.clear();
    CAF_CHECK_EQUAL(memory.used, 0u);
    CAF_CHECK_EQUAL(aut.find(text_scalar("k1"), aut.hash(text_scalar("k1"))), aut.none);
    CAF_CHECK(aut.insert(text_scalar("again"), aut.hash(text_scalar("again"))) != aut.none);
  }
  CAF_CHECK_EQUAL(memory.used, 0u);
}

CAF_TEST(texts and numbers of the same bytes are different keys) {
  helper_memory memory;
  keyed_table<int> aut{memory, 10};
  const number_scalar number{42};
  const scalar as_number = number;
  const scalar text = text_scalar(as_number.bytes);
  CAF_REQUIRE(aut.insert(number, aut.hash(number)) != aut.none);
  CAF_CHECK_EQUAL(aut.find(text, aut.hash(text)), aut.none);
}

CAF_TEST(a table without memory stays as it was) {
  helper_memory memory{20'000};
  keyed_table<int> aut{memory, 1'000'000};
  uint32_t made = 0;
  for (int i = 0;; ++i) {
    const std::string key = many(100, 'x') + std::to_string(i);
    if (aut.insert(text_scalar(key), aut.hash(text_scalar(key))) == aut.none)
      break;
    ++made;
  }
  CAF_CHECK_GREATER(made, 10u);
  CAF_CHECK_EQUAL(aut.size(), made);
  for (uint32_t i = 0; i < made; ++i) {
    const std::string key = many(100, 'x') + std::to_string(i);
    CAF_REQUIRE(aut.find(text_scalar(key), aut.hash(text_scalar(key))) != aut.none);
  }
}

CAF_TEST(an envelope shows what was changed in it) {
  const std::string body = "some bytes";
  std::string sealed(body.size() + seal_size, '\0');
  body.copy(sealed.data() + 8, body.size());
  seal(sealed.data(), body.size(), 'x');
  CAF_CHECK_EQUAL(std::string{unseal(sealed, 'x')}, body);
  CAF_CHECK(unseal(sealed, 'y').data() == nullptr);
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    CAF_CHECK(unseal(changed, 'x').data() == nullptr);
    CAF_CHECK(unseal(std::string_view{sealed}.substr(0, i), 'x').data() == nullptr);
  }
}
