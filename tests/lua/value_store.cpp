#define CAF_SUITE lua_value_store
#include "lua/value_store.hpp"

#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

#include <thread>

using namespace flowactors;
using namespace flowactors::test;

namespace {

int64_t clock_now = 0;
int64_t test_clock() noexcept {
  return clock_now;
}

std::string get(value_store& aut, const char* key) {
  std::string out = "-";
  aut.get(key, out);
  return out;
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items)
    out += item + " ";
  return out;
}

constexpr auto given = value_store::answer::given;

std::string keys_like(value_store& aut, const char* pattern) {
  std::vector<std::string> out{"none"};
  return aut.keys_like(pattern, out) == given ? joined(out) : "none ";
}

std::string range(value_store& aut, int64_t from, int64_t to) {
  std::vector<std::string> out{"none"};
  aut.list_range("l", from, to, out);
  return joined(out);
}

std::string run(const std::string& body, std::shared_ptr<value_store> store, notes& said) {
  script_tree tree;
  tree.write("a.lua", "return {flowCreate = function() " + body + " end}");
  script_vm_options options;
  options.root = tree.root();
  options.output = &said;
  options.store = std::move(store);
  options.limits.deadline = {}; // the sanitizers take longer
  auto vm = script_vm::make(options);
  CAF_REQUIRE(vm);
  flow_record flow{};
  said.written.clear();
  (*vm)->handle(event_kind::created, flow, 0);
  (*vm)->flush();
  for (const auto& fault : said.faults)
    CAF_ERROR(fault.text);
  return said.written;
}

} // namespace

CAF_TEST(texts hold until they are over) {
  clock_now = 100;
  value_store aut{{}, test_clock};
  CAF_CHECK(aut.set("a", "1"));
  CAF_CHECK(aut.set("b", "2", 50));
  CAF_CHECK_EQUAL(get(aut, "a") + get(aut, "b") + get(aut, "c"), "12-");
  clock_now = 149;
  CAF_CHECK_EQUAL(get(aut, "b"), "2");
  clock_now = 150;
  CAF_CHECK_EQUAL(get(aut, "b"), "-");
  CAF_CHECK_EQUAL(aut.entries(), 1u);
  CAF_CHECK(aut.set("a", "3", 10));
  CAF_CHECK(aut.set("a", "4")); // without an end again
  clock_now = 1000;
  CAF_CHECK_EQUAL(get(aut, "a"), "4");
  aut.remove("a");
  CAF_CHECK_EQUAL(get(aut, "a"), "-");
  CAF_CHECK_EQUAL(aut.entries() + aut.bytes(), 0u);
}

CAF_TEST(hashes sets and lists hold what was put) {
  value_store aut;
  std::string text;
  std::vector<std::string> items;
  std::vector<std::pair<std::string, std::string>> pairs;
  aut.hash_set("h", "b", "1");
  aut.hash_set("h", "a", "2");
  aut.hash_set("h", "b", "3");
  CAF_CHECK(aut.hash_get("h", "b", text));
  CAF_CHECK_EQUAL(text, "3");
  CAF_CHECK(!aut.hash_get("h", "c", text));
  CAF_CHECK(aut.hash_all("h", pairs) == given);
  CAF_REQUIRE_EQUAL(pairs.size(), 2u);
  CAF_CHECK_EQUAL(pairs[0].first + pairs[0].second, "a2");
  aut.hash_remove("h", "a");
  CAF_CHECK(!aut.hash_get("h", "a", text));
  for (const char* member : {"z", "y", "z"})
    aut.set_add("s", member);
  CAF_CHECK(aut.set_all("s", items) == given);
  CAF_CHECK_EQUAL(joined(items), "y z ");
  aut.set_remove("s", "y");
  CAF_CHECK(aut.set_all("s", items) == given);
  CAF_CHECK_EQUAL(joined(items), "z ");
  for (const char* item : {"1", "2", "3", "4"})
    aut.list_push("l", item, 3);
  CAF_CHECK_EQUAL(range(aut, 0, -1), "4 3 2 ");
  CAF_CHECK_EQUAL(range(aut, 1, 1), "3 ");
  CAF_CHECK_EQUAL(range(aut, -2, 99), "3 2 ");
  CAF_CHECK_EQUAL(range(aut, -99, 0), "4 ");
  CAF_CHECK_EQUAL(range(aut, 2, 1), "");
  CAF_CHECK(aut.list_pop("l", text));
  CAF_CHECK_EQUAL(text, "4");
  aut.list_push("l", "x", 0);
  CAF_CHECK(!aut.list_pop("l", text));
  CAF_CHECK_EQUAL(range(aut, 0, -1), "none ");
}

CAF_TEST(a key holds one kind at a time) {
  value_store aut;
  std::string text;
  std::vector<std::string> items;
  aut.set("k", "text");
  CAF_CHECK(!aut.hash_get("k", "f", text));
  aut.hash_remove("k", "f");
  CAF_CHECK_EQUAL(get(aut, "k"), "text");
  aut.hash_set("k", "f", "1");
  CAF_CHECK_EQUAL(get(aut, "k"), "-");
  CAF_CHECK(aut.set_all("k", items) == value_store::answer::none);
  aut.set("k", "again");
  CAF_CHECK_EQUAL(aut.entries(), 1u);
  CAF_CHECK_EQUAL(aut.bytes(), 6u);
}

CAF_TEST(keys are found by pattern) {
  value_store aut;
  for (const char* key : {"a.1", "a.2", "b.1", "aXX1", "", "[x]"})
    aut.set(key, "v");
  CAF_CHECK_EQUAL(keys_like(aut, "a.*"), "a.1 a.2 ");
  CAF_CHECK_EQUAL(keys_like(aut, "?.1"), "a.1 b.1 ");
  CAF_CHECK_EQUAL(keys_like(aut, "*1"), "a.1 aXX1 b.1 ");
  CAF_CHECK_EQUAL(keys_like(aut, "a*X*1"), "aXX1 ");
  CAF_CHECK_EQUAL(keys_like(aut, "[x]"), "[x] ");
  CAF_CHECK_EQUAL(keys_like(aut, "*"), " [x] a.1 a.2 aXX1 b.1 ");
  CAF_CHECK_EQUAL(keys_like(aut, "a"), "none ");
}

CAF_TEST(no answer is larger than it may be) {
  value_store aut;
  for (int i = 0; i < 100; ++i) {
    const std::string name = std::string(50, 'a') + std::to_string(i);
    aut.set(name, "v");
    aut.hash_set("h", name, "1234567890");
    aut.set_add("s", name);
    aut.list_push("l", name);
  }
  std::vector<std::string> items;
  std::vector<std::pair<std::string, std::string>> pairs;
  using limits = answer_limits;
  for (const limits& most : {limits{99, 1 << 20, 1 << 20}, limits{200, 5000, 1 << 20}}) {
    CAF_CHECK(aut.keys_like("a*", items, most) == value_store::answer::too_large);
    CAF_CHECK(aut.hash_all("h", pairs, most) == value_store::answer::too_large);
    CAF_CHECK(aut.set_all("s", items, most) == value_store::answer::too_large);
    CAF_CHECK(aut.list_range("l", 0, -1, items, most) == value_store::answer::too_large);
    CAF_CHECK(aut.list_range("l", 0, 9, items, most) == given);
  }
  const limits few_steps{200, 1 << 20, 10'000};
  CAF_CHECK(aut.keys_like("a*", items, few_steps) == given);
  CAF_CHECK(aut.keys_like("*" + std::string(49, 'a') + "b", items, few_steps)
            == value_store::answer::too_large);
  CAF_CHECK(items.empty());
}

CAF_TEST(entries and bytes are bounded) {
  clock_now = 1;
  value_store aut{{4, 20}, test_clock};
  CAF_CHECK(aut.set("a", "1"));
  CAF_CHECK(aut.hash_set("h", "f", "1"));
  CAF_CHECK(aut.list_push("l", "1") == false); // the list fits, its item does not
  CAF_CHECK_EQUAL(aut.entries(), 4u);
  CAF_CHECK(!aut.set("b", "1"));
  CAF_CHECK(!aut.hash_set("h", "g", "1"));
  CAF_CHECK(aut.hash_set("h", "f", "22")); // in the place of the old
  CAF_CHECK(!aut.set_add("s", "x"));
  aut.remove("l");
  CAF_CHECK(!aut.set("big", std::string(18, 'x')));
  CAF_CHECK(aut.set("b", "0123456789"));
  CAF_CHECK(!aut.set("a", "123456")); // and the old one is gone
  CAF_CHECK_EQUAL(get(aut, "a"), "-");
  CAF_CHECK_EQUAL(aut.bytes(), 15u);
}

CAF_TEST(what is over makes room) {
  clock_now = 1;
  value_store aut{{2, 1000}, test_clock};
  CAF_CHECK(aut.set("a", "1", 10));
  CAF_CHECK(aut.set("b", "1", 20));
  CAF_CHECK(!aut.set("c", "1"));
  clock_now = 11;
  CAF_CHECK(aut.set("c", "1"));
  CAF_CHECK(!aut.set("d", "1"));
  CAF_CHECK_EQUAL(get(aut, "b"), "1");
}

CAF_TEST(two threads count in one store) {
  value_store aut;
  const auto work = [&aut](const char* name) {
    std::string text;
    for (int i = 0; i < 2000; ++i) {
      aut.list_push("l", name, 100);
      aut.hash_set("h", name, std::to_string(i));
      aut.hash_get("h", name, text);
      aut.set(std::string{name} + std::to_string(i), "v");
    }
  };
  std::thread other{work, "a"};
  work("b");
  other.join();
  CAF_CHECK_EQUAL(aut.entries(), 4000u + 101 + 3);
}

CAF_TEST(what a script stored is there for the next VM) {
  const auto store = std::make_shared<value_store>();
  notes said;
  const std::string count =
    "ntop.setCache('n', (tonumber(ntop.getCache('n')) or 0) + 1) "
    "ntop.lpushCache('l', 'x') io.write(ntop.getCache('n'), "
    "#ntop.lrangeCache('l'), ' ')";
  CAF_CHECK_EQUAL(run(count, store, said), "11 ");
  CAF_CHECK_EQUAL(run(count, store, said), "22 ");
  CAF_CHECK_EQUAL(run(count, nullptr, said), "11 ");
}

CAF_TEST(the functions of 2017 give what they gave) {
  notes said;
  const auto store = std::make_shared<value_store>();
  CAF_CHECK_EQUAL(
    run("local function keys(t) if not t then return 'nil' end local n = {} "
        "for k, v in pairs(t) do n[#n + 1] = k .. '=' .. v end table.sort(n) "
        "return table.concat(n, ',') end "
        "io.write(ntop.setCache('a', 5, 60), ntop.getCache('a'), ntop.getPref('a'), ' ') "
        "io.write(ntop.setHashCache('h', 'x', '1'), ntop.getHashCache('h', 'x'), "
        "ntop.getHashCache('h', 'y'), ' ') ntop.setHashCache('h', 'y', 2) "
        "io.write(keys(ntop.getHashKeysCache('h')), ' ', keys(ntop.getHashAllCache('h')), ' ', "
        "keys(ntop.getHashAllCache('none')), ' ') "
        "ntop.setMembersCache('s', 'b') ntop.setMembersCache('s', 'a') "
        "io.write(table.concat(ntop.getMembersCache('s'), ','), ' ') "
        "ntop.delMembersCache('s', 'a') io.write(#ntop.getMembersCache('s'), ' ') "
        "io.write(tostring(ntop.getMembersCache('none')), ' ', keys(ntop.getKeysCache('?')), ' ', "
        "tostring(ntop.getKeysCache('none')), ' ') "
        "io.write(tostring(ntop.lpopCache('none')), tostring(ntop.lrangeCache('none')), ' ') "
        "ntop.delHashCache('h', 'x') ntop.delCache('a') io.write(keys(ntop.getKeysCache('*')))",
        store, said),
    "555 11 x=,y= x=1,y=2 nil a,b 1 nil a=,h=,s= nil nilnil h=,s=");
}

CAF_TEST(wrong arguments and a full cache are told) {
  notes said;
  const auto store = std::make_shared<value_store>(value_store::limits{2, 1 << 20});
  const std::string told = run(
    "local _, m = pcall(function() ntop.setCache('a') end) "
    "io.write(m, ' ') _, m = pcall(function() ntop.getCache({}) end) "
    "io.write(m) for i = 1, 5 do ntop.setCache(i, 'x') end",
    store, said);
  CAF_CHECK_EQUAL(told,
                  "a.lua:1: bad argument #2 to 'setCache' (string expected, got nil) "
                  "a.lua:1: bad argument #1 to 'getCache' (string expected, got table)");
  CAF_REQUIRE_EQUAL(said.lines.size(), 1u);
  CAF_CHECK_EQUAL(said.lines[0].text,
                  "the scripts' cache is full (2 entries, 1 MiB at most): what "
                  "does not fit from now on is lost");
}
