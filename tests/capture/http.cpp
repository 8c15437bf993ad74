#define CAF_SUITE capture_http
#include "capture/http.hpp"

#include "tests/suite.hpp"

#include <string>

using namespace flowactors;

CAF_TEST(a request gives method and target and host and user agent) {
  http_request out;
  CAF_REQUIRE(read_http_request(
    "GET /a?b=1 HTTP/1.1\r\nHost: example.org:8080\r\nUSER-AGENT:  curl/7 \r\n\r\nbody", out));
  CAF_CHECK_EQUAL(out.method, "GET");
  CAF_CHECK_EQUAL(out.target, "/a?b=1");
  CAF_CHECK_EQUAL(out.host, "example.org");
  CAF_CHECK_EQUAL(out.user_agent, "curl/7");
}

CAF_TEST(a host may be an IPv6 literal) {
  http_request out;
  CAF_REQUIRE(read_http_request("PUT / HTTP/1.1\r\nHost: [2001:db8::1]:81\r\n\r\n", out));
  CAF_CHECK_EQUAL(out.host, "[2001:db8::1]");
}

CAF_TEST(what follows the header is not read) {
  http_request out;
  CAF_REQUIRE(read_http_request("POST /x HTTP/1.1\r\n\r\nHost: evil\r\n", out));
  CAF_CHECK_EQUAL(out.host, "");
}

CAF_TEST(a response gives status and content type without parameters) {
  http_response out;
  CAF_REQUIRE(read_http_response(
    "HTTP/1.1 404 Not Found\r\nServer: x\r\ncontent-type: text/html ; charset=utf-8\r\n\r\n", out));
  CAF_CHECK_EQUAL(out.status, 404);
  CAF_CHECK_EQUAL(out.content_type, "text/html");
}

CAF_TEST(other bytes are neither) {
  http_request request;
  http_response response;
  for (const char* text : {"", "GET", "GETX / HTTP/1.1\r\n", "get / HTTP/1.1\r\n", "\x16\x03\x01",
                           "HTTP/1.1", "HTTP/1.1 2x0 OK\r\n", "HTTP/2 200 OK\r\n\r\n"}) {
    CAF_CHECK(!read_http_request(text, request));
    CAF_CHECK(!read_http_response(text, response));
  }
}

CAF_TEST(a header that is cut at any byte is read as far as its lines are whole) {
  const std::string whole = "GET /path HTTP/1.1\r\nHost: example.org\r\nUser-Agent: me\r\n\r\n";
  for (size_t n = 0; n <= whole.size(); ++n) {
    const std::string cut =
      whole.substr(0, n); // exact heap size, so that a sanitizer sees a read beyond
    http_request out;
    const bool read = read_http_request({cut.data(), cut.size()}, out);
    CAF_CHECK_EQUAL(read, n >= 4);
    CAF_CHECK_EQUAL(out.host, n >= 39 ? "example.org" : "");
    CAF_CHECK_EQUAL(out.user_agent, n >= 55 ? "me" : "");
  }
}

CAF_TEST(endless headers are read to a bound) {
  std::string text = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 30; ++i)
    text += "X-Filler: y\r\n";
  text += "Host: late\r\n\r\n";
  http_request out;
  CAF_REQUIRE(read_http_request(text, out));
  CAF_CHECK_EQUAL(out.host, "");
}
