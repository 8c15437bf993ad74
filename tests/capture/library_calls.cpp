#define CAF_SUITE capture_library_calls
#include "capture/library_calls.hpp"

#include "tests/suite.hpp"

#include <dlfcn.h>

#include <cstring>
#include <iterator>
#include <memory>
#include <random>
#include <string>

using namespace flowactors;

CAF_TEST(text is found where libndpi finds it) {
  void* library = dlopen("libndpi.so.4.2", RTLD_NOW | RTLD_NOLOAD);
  CAF_REQUIRE(library != nullptr);
  using finder = char* (*)(const char*, const char*, size_t);
  const auto original = reinterpret_cast<finder>(dlsym(library, "ndpi_strnstr"));
  CAF_REQUIRE(original != nullptr);
  std::mt19937 random{11};
  const auto letters = [&](size_t most) {
    std::string out;
    for (size_t size = random() % (most + 1); out.size() < size;)
      out += "abc"[random() % 3];
    return out;
  };
  CAF_CHECK(find_in(nullptr, "a", 0) == nullptr); // as libndpi does for packets without payload
  size_t found = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = letters(24);
    const std::string wanted = letters(4);
    if (!text.empty() && random() % 4 == 0)
      text[random() % text.size()] = '\0';
    const size_t room = random() % (text.size() + 1);
    const char* const place = find_in(text.c_str(), wanted.c_str(), room);
    CAF_REQUIRE_EQUAL(static_cast<const void*>(place),
                      static_cast<const void*>(original(text.c_str(), wanted.c_str(), room)));
    found += place != nullptr ? 1 : 0;
  }
  CAF_CHECK(found > 1000);
  dlclose(library);
}

namespace {

struct module_fixture {
  module_fixture() {
    module = ndpi_init_detection_module(ndpi_no_prefs);
    CAF_REQUIRE(module != nullptr);
    NDPI_PROTOCOL_BITMASK all;
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(module, &all);
    ndpi_finalize_initialization(module);
    answers = std::make_unique<module_answers>(module);
  }

  ~module_fixture() { ndpi_exit_detection_module(module); }

  /// Names of hosts that belong to somebody, that don't, that no human made, and no names.
  std::string some_name() {
    static constexpr const char* ends[] = {
      ".google.com", ".netflix.com", ".example.org", ".local", ".co.uk", "", ".in-addr.arpa"};
    static constexpr const char* starts[] = {"www", "mail",     "qx7zkwvjp3f9x",
                                             "a_b", "10.0.0.1", "x"};
    std::string out = starts[random() % std::size(starts)];
    for (size_t more = random() % 4 == 0 ? random() % 60 : 0; more > 0; --more)
      out += "bcdfghjklmnpqrstvwxz0123456789-."[random() % 32];
    return out + ends[random() % std::size(ends)];
  }

  ndpi_detection_module_struct* module = nullptr;
  std::unique_ptr<module_answers> answers;
  std::mt19937 random{19};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(module_answers_tests, module_fixture)

CAF_TEST(addresses belong to whom libndpi says) {
  size_t owned = 0;
  for (int i = 0; i < 100'000; ++i) {
    in_addr address{static_cast<uint32_t>(random())};
    const uint16_t said = ndpi_network_ptree_match(module, &address);
    const answers_in_use guard{*answers};
    CAF_REQUIRE_EQUAL(ndpi_network_ptree_match(module, &address), said);
    owned += said != NDPI_PROTOCOL_UNKNOWN ? 1 : 0;
  }
  CAF_CHECK(owned > 1000);
  const auto microsoft = answers->networks.find(0x0d6b4001); // 13.107.64.0/18
  CAF_CHECK(microsoft.known);
  CAF_CHECK(microsoft.node != nullptr);
}

CAF_TEST(names are what libndpi says) {
  size_t matched = 0;
  size_t generated = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string name = some_name();
    const auto length = static_cast<u_int>(name.size());
    ndpi_protocol_match_result found[2]{};
    ndpi_protocol_category_t category[2]{};
    int results[2][4];
    const auto ask = [&](size_t way) {
      results[way][0] = ndpi_match_string_subprotocol(module, name.data(), length, &found[way]);
      results[way][1] = ndpi_match_custom_category(module, name.data(), length, &category[way]);
      results[way][2] = ndpi_check_dga_name(module, nullptr, name.data(), 0);
      results[way][3] = ndpi_check_dga_name(module, nullptr, name.data(), 1);
    };
    ask(0);
    const answers_in_use guard{*answers};
    ask(1);
    for (size_t what = 0; what < 4; ++what)
      CAF_REQUIRE_EQUAL(results[0][what], results[1][what]);
    CAF_REQUIRE_EQUAL(found[0].protocol_id, found[1].protocol_id);
    CAF_REQUIRE_EQUAL(found[0].protocol_category, found[1].protocol_category);
    CAF_REQUIRE_EQUAL(found[0].protocol_breed, found[1].protocol_breed);
    CAF_REQUIRE_EQUAL(category[0], category[1]);
    matched += results[1][0] > 0 ? 1 : 0;
    generated += results[1][3] > 0 ? 1 : 0;
  }
  CAF_CHECK(matched > 1000);
  CAF_CHECK(matched < 19'000);
  CAF_CHECK(generated > 100);
}

CAF_TEST(each flow with a generated name has the risk) {
  char name[] = "qx7zkwvjp3f9xwqzvbkj.com";
  CAF_REQUIRE(ndpi_check_dga_name(module, nullptr, name, 1) > 0);
  const answers_in_use guard{*answers};
  for (int i = 0; i < 3; ++i) {
    const auto flow = std::make_unique<ndpi_flow_struct>();
    std::memset(static_cast<void*>(flow.get()), 0, sizeof(*flow));
    CAF_CHECK(ndpi_check_dga_name(module, flow.get(), name, 1) > 0);
    CAF_CHECK(NDPI_ISSET_BIT(flow->risk, NDPI_SUSPICIOUS_DGA_DOMAIN));
    flow->detected_protocol_stack[1] = NDPI_PROTOCOL_DNS;
    CAF_CHECK_EQUAL(ndpi_check_dga_name(module, flow.get(), name, 1), 0);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(a name is asked for once while its place is its own) {
  struct counts {
    remembered<int> one;
    remembered<int> other;
  };
  const auto one = [](counts & of) -> auto& {
    return of.one;
  };
  const auto other = [](counts & of) -> auto& {
    return of.other;
  };
  name_answers<counts> answers;
  int asked = 0;
  const auto ask = [&asked] { return ++asked; };
  CAF_CHECK_EQUAL(answers.find("example.org", one, ask), 1);
  CAF_CHECK_EQUAL(answers.find("example.org", one, ask), 1);
  CAF_CHECK_EQUAL(answers.find("example.org", other, ask), 2);
  CAF_CHECK_EQUAL(answers.find("example.org", one, ask), 1);
  CAF_CHECK_EQUAL(answers.find("", one, ask), 3);
  CAF_CHECK_EQUAL(answers.find("", one, ask), 3);
  const std::string long_name(71, 'x');
  CAF_CHECK_EQUAL(answers.find(long_name, one, ask), 4);
  CAF_CHECK_EQUAL(answers.find(long_name, one, ask), 5);
  for (int i = 0; i < 20'000; ++i) // far more names than places
    answers.find(std::to_string(i), one, [i] { return i; });
  for (int i = 0; i < 20'000; ++i) {
    CAF_REQUIRE_EQUAL(answers.find(std::to_string(i), other, [i] { return -i; }), -i);
    CAF_REQUIRE_EQUAL(answers.find(std::to_string(i), one, [i] { return i; }), i);
  }
}

CAF_TEST(asking about a name may ask about all the others) {
  struct counts {
    remembered<int> one;
  };
  const auto one = [](counts & of) -> auto& {
    return of.one;
  };
  name_answers<counts> answers;
  const auto answer = answers.find("outer", one, [&] {
    for (int i = 0; i < 20'000; ++i)
      answers.find(std::to_string(i), one, [i] { return i; });
    return -1;
  });
  CAF_CHECK_EQUAL(answer, -1);
  CAF_CHECK_EQUAL(answers.find("outer", one, [] { return -2; }), -1);
}
