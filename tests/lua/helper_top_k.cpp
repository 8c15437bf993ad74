#define CAF_SUITE lua_helper_top_k
#include "lua/helpers/top_k.hpp"
#include "tests/lua/helper_fixture.hpp"
#include "tests/suite.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <random>

using namespace flowactors;
using namespace flowactors::test;

namespace {

std::string list(top_k& aut) {
  std::string out;
  const uint32_t* order = aut.sorted();
  for (uint32_t i = 0; i < aut.size(); ++i) {
    const auto& item = aut.at(order[i]);
    out += std::string{aut.key(order[i]).bytes} + "=" + std::to_string(int(item.count));
    if (item.error != 0)
      out += "-" + std::to_string(int(item.error));
    out += " ";
  }
  return out;
}

bool add(top_k& aut, std::string_view key, double n = 1) {
  return aut.add(text_scalar(key), n);
}

} // namespace

CAF_TEST(as long as there is room sums are exact) {
  helper_memory memory;
  top_k aut{memory, 4};
  CAF_CHECK(aut.sorted() == nullptr);
  for (const char* key : {"b", "a", "c", "a"})
    add(aut, key);
  add(aut, "d", 5);
  CAF_CHECK_EQUAL(list(aut), "d=5 a=2 b=1 c=1 ");
  CAF_CHECK_EQUAL(aut.total(), 9);
}

CAF_TEST(a new key takes the place and the sum of the smallest) {
  helper_memory memory;
  top_k aut{memory, 2};
  add(aut, "a", 10);
  add(aut, "b", 3);
  add(aut, "c", 1);
  CAF_CHECK_EQUAL(list(aut), "a=10 c=4-3 ");
  add(aut, "d", 20);
  CAF_CHECK_EQUAL(list(aut), "d=24-4 a=10 ");
}

CAF_TEST(sums are bounded as the paper says) {
  std::mt19937 random{3};
  for (const uint32_t k : {1, 2, 7, 50}) {
    helper_memory memory;
    top_k aut{memory, k};
    std::map<std::string, double> real;
    double total = 0;
    for (int i = 0; i < 20'000; ++i) {
      // Small numbers come more often.
      const std::string key = std::to_string(random() % (1 + random() % 300));
      const double n = random() % 4;
      add(aut, key, n);
      real[key] += n;
      total += n;
    }
    CAF_CHECK_EQUAL(aut.total(), total);
    CAF_REQUIRE_EQUAL(aut.size(), k);
    const uint32_t* order = aut.sorted();
    double sum = 0, before = total;
    std::map<std::string, double> found;
    for (uint32_t i = 0; i < k; ++i) {
      const auto& item = aut.at(order[i]);
      const std::string key{aut.key(order[i]).bytes};
      CAF_REQUIRE(item.count <= before);
      CAF_REQUIRE(item.count >= real[key]);
      CAF_REQUIRE(item.count - item.error <= real[key]);
      CAF_REQUIRE(item.error <= total / k);
      before = item.count;
      sum += item.count;
      found[key] = item.count;
    }
    CAF_CHECK_EQUAL(sum, total); // nothing is counted twice, nothing is lost
    for (const auto& [key, count] : real)
      CAF_REQUIRE(count <= total / k || found.count(key) == 1);
  }
}

CAF_TEST(sums are saved and restored) {
  helper_memory memory;
  top_k aut{memory, 3}, same{memory, 3}, small{memory, 2};
  for (int i = 0; i < 10; ++i)
    add(aut, "abcd" + std::to_string(i % 4), i + 1);
  const std::string before = list(aut), bytes = saved(aut);
  CAF_CHECK(restore(same, bytes) == restored::whole);
  CAF_CHECK_EQUAL(list(same), before);
  CAF_CHECK_EQUAL(same.total(), aut.total());
  CAF_CHECK(restore(small, bytes) == restored::whole);
  CAF_CHECK_EQUAL(list(small), before.substr(0, before.find(' ', before.find(' ') + 1) + 1));
}

CAF_TEST(damaged bytes are not taken for whole) {
  helper_memory memory;
  top_k aut{memory, 3};
  for (const char* key : {"a", "b", "c", "d", "e"})
    add(aut, key, 2);
  const size_t wrong =
    cuts_taken_for_whole(saved(aut), [&] { return std::make_unique<top_k>(memory, 3); });
  CAF_CHECK_EQUAL(wrong, 0u);
}

CAF_TEST(without memory the others go on) {
  helper_memory memory{6000};
  top_k aut{memory, 10};
  const std::string longest(3000, 'x');
  add(aut, "a", 5);
  CAF_CHECK(add(aut, longest));
  CAF_CHECK(!add(aut, longest + "y"));
  CAF_CHECK_EQUAL(aut.size(), 2u);
  top_k full{memory, 2};
  add(full, "a", 5);
  add(full, "b", 6);
  CAF_CHECK(!add(full, longest + "y"));
  CAF_CHECK_EQUAL(list(full), "b=6 "); // the smallest had made way
  add(full, "c", 1);
  CAF_CHECK_EQUAL(list(full), "b=6 c=1 ");
}
