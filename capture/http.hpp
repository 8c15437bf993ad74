#pragma once

#include <cstdint>
#include <string_view>

namespace flowactors {

/// The start of an HTTP/1 request, as far as a packet shows it (RFC 9112, 3 and 5). Views into the
/// payload.
struct http_request {
  std::string_view method;
  std::string_view target; ///< as in the request line, cut at the first byte that is not printable
  std::string_view host;   ///< without port
  std::string_view user_agent;
};

/// The start of an HTTP/1 response.
struct http_response {
  uint16_t status = 0;
  std::string_view content_type; ///< without parameters
};

/// Reads a request at the start of `payload`; false if there is none. Looks at the first 20 lines
/// at most.
bool read_http_request(std::string_view payload, http_request& out) noexcept;

/// Reads a response at the start of `payload`; false if there is none.
bool read_http_response(std::string_view payload, http_response& out) noexcept;

} // namespace flowactors
