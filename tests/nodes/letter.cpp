#define CAF_SUITE nodes_letter
#include "nodes/letter.hpp"

#include "nodes/serial_window.hpp"
#include "tests/suite.hpp"

#include <random>

using namespace flowactors;

namespace {

struct fixture {
  std::optional<letter> read(const letter& what) {
    bytes.clear();
    append_letter(bytes, what, 5);
    return read_letter(body());
  }

  std::span<const char> body() const { return std::span(bytes).subspan(sizeof(frame_header)); }

  letter of(letter_kind kind, std::string body) const {
    return {kind, 3, 200, 7, 9, "own", std::move(body)};
  }

  std::vector<char> bytes;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(letter_tests, fixture)

CAF_TEST(a letter comes back as it was) {
  const auto came = read(of(letter_kind::message, "value"));
  CAF_REQUIRE(came);
  CAF_CHECK(came->kind == letter_kind::message);
  CAF_CHECK_EQUAL(came->hops, 3u);
  CAF_CHECK_EQUAL(came->patience_ms, 200u);
  CAF_CHECK_EQUAL(came->origin, 7u);
  CAF_CHECK_EQUAL(came->serial, 9u);
  CAF_CHECK_EQUAL(came->name, "own");
  CAF_CHECK_EQUAL(came->body, "value");
  const auto header = read_header(std::span(bytes).first(sizeof(frame_header)), longest_letter());
  CAF_REQUIRE(std::holds_alternative<frame_header>(header));
  CAF_CHECK_EQUAL(std::get<frame_header>(header).serial, 5u);
  CAF_CHECK(is_whole(std::get<frame_header>(header), body()));
}

CAF_TEST(each kind bears as much as it may and no more) {
  for (const auto kind : {letter_kind::message, letter_kind::names, letter_kind::request,
                          letter_kind::answer, letter_kind::records}) {
    CAF_CHECK(read(of(kind, std::string(longest_body_of(kind), 'x'))));
    CAF_CHECK(!read(of(kind, std::string(longest_body_of(kind) + 1, 'x'))));
    CAF_CHECK_LESS_OR_EQUAL(longest_body_of(kind), longest_letter_body);
  }
}

CAF_TEST(what contradicts itself is no letter) {
  CAF_CHECK(!read(of(static_cast<letter_kind>(0), "")));
  CAF_CHECK(!read(of(static_cast<letter_kind>(6), "")));
  auto what = of(letter_kind::message, "");
  what.hops = most_hops + 1;
  CAF_CHECK(!read(what));
  what = of(letter_kind::message, "");
  what.origin = 0;
  CAF_CHECK(!read(what));
  what = of(letter_kind::message, "");
  what.serial = last_letter_serial + 1;
  CAF_CHECK(!read(what));
  what = of(letter_kind::message, "");
  what.name = "two words";
  CAF_CHECK(!read(what));
  what.name.clear();
  CAF_CHECK(!read(what));
  CAF_CHECK(read(of(letter_kind::names, "")));
}

CAF_TEST(bytes of any kind are a letter or none) {
  std::minstd_rand random{1};
  read(of(letter_kind::message, "value"));
  const std::vector<char> good(body().begin(), body().end());
  for (int i = 0; i < 20'000; ++i) {
    auto bad = good;
    bad.resize(random() % (good.size() + 1));
    for (int k = 0; k < 3 && !bad.empty(); ++k)
      bad[random() % bad.size()] = static_cast<char>(random());
    if (const auto came = read_letter(bad); came)
      CAF_REQUIRE(came->origin != 0 && came->hops <= most_hops);
  }
}

CAF_TEST(a number is taken once also if it comes late) {
  serial_window window;
  CAF_CHECK(window.take(0));
  CAF_CHECK(!window.take(0));
  CAF_CHECK(window.take(10));
  for (uint64_t i = 1; i < 10; ++i) {
    CAF_CHECK(window.take(i));
    CAF_CHECK(!window.take(i));
  }
  CAF_CHECK(!window.take(10));
  CAF_CHECK(window.take(5000));
  CAF_CHECK(window.take(4999));
  CAF_CHECK(window.take(5000 - 4095));
  CAF_CHECK(!window.take(5000 - 4096)); // too old to be known
  CAF_CHECK(window.take(1'000'000));
  CAF_CHECK(!window.take(5000));
}

CAF_TEST(a window knows all that it has seen) {
  serial_window window;
  std::minstd_rand random{2};
  std::vector<bool> seen(30'000);
  uint64_t newest = 0;
  for (int i = 0; i < 60'000; ++i) {
    const uint64_t serial = std::min<uint64_t>(seen.size() - 1, i / 3 + random() % 2000);
    if (newest > serial && newest - serial >= 4096)
      continue;
    CAF_REQUIRE_EQUAL(window.take(serial), !seen[serial]);
    seen[serial] = true;
    newest = std::max(newest, serial);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
