#define CAF_SUITE nodes_frame
#include "nodes/frame.hpp"

#include "tests/suite.hpp"

#include <cstring>

using namespace flowactors;

namespace {

struct fixture {
  fixture() {
    frame_header header;
    header.kind = frame_kind::batch;
    header.lane = 3;
    header.serial = 7;
    append_frame(bytes, header, std::span<const char>("some body", 9));
  }

  std::span<const char> head() const { return std::span(bytes).first(sizeof(frame_header)); }
  std::span<const char> body() const { return std::span(bytes).subspan(sizeof(frame_header)); }

  std::vector<char> bytes;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(frame_tests, fixture)

CAF_TEST(a frame comes back as it was) {
  const auto read = read_header(head(), 9);
  CAF_REQUIRE(std::holds_alternative<frame_header>(read));
  const auto& header = std::get<frame_header>(read);
  CAF_CHECK(header.kind == frame_kind::batch);
  CAF_CHECK_EQUAL(header.lane, 3u);
  CAF_CHECK_EQUAL(header.serial, 7u);
  CAF_CHECK_EQUAL(header.length, 9u);
  CAF_CHECK(is_whole(header, body()));
}

CAF_TEST(each changed bit is noticed) {
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    const auto read = read_header(head(), 9);
    const auto* header = std::get_if<frame_header>(&read);
    CAF_CHECK(header == nullptr || !is_whole(*header, body()));
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  }
}

CAF_TEST(a body longer than it may be is refused before it is read) {
  const auto read = read_header(head(), 8);
  CAF_REQUIRE(std::holds_alternative<refusal>(read));
  CAF_CHECK(std::get<refusal>(read) == refusal::too_long);
}

CAF_TEST(other protocols are no frames) {
  const std::string_view http = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n....";
  const auto read = read_header(std::span(http).first(sizeof(frame_header)), 1000);
  CAF_REQUIRE(std::holds_alternative<refusal>(read));
  CAF_CHECK(std::get<refusal>(read) == refusal::not_flowactors);
}

CAF_TEST(names are cut and strange ones are none) {
  CAF_CHECK_EQUAL(take_name(put_name("probe-1")), "probe-1");
  CAF_CHECK_EQUAL(take_name(put_name(std::string(100, 'x'))), std::string(64, 'x'));
  CAF_CHECK_EQUAL(take_name(put_name("two words")), "");
  CAF_CHECK_EQUAL(take_name(put_name({"a\0b", 3})), "");
  CAF_CHECK_EQUAL(take_name(put_name("")), "");
}

CAF_TEST_FIXTURE_SCOPE_END()
