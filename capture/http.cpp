#include "capture/http.hpp"

#include <algorithm>

namespace flowactors {

namespace {

constexpr int max_lines = 20;
constexpr std::string_view methods[] = {"GET",     "POST",  "HEAD",    "PUT",   "DELETE",
                                        "OPTIONS", "PATCH", "CONNECT", "TRACE", "PROPFIND"};

// Takes the next line off `text`, without its end. A last line that is cut short is none.
bool take_line(std::string_view& text, std::string_view& line) noexcept {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos)
    return false;
  line = text.substr(0, end);
  if (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  text.remove_prefix(end + 1);
  return true;
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// The value of a header field if the line bears that name (given in lower case).
bool field(std::string_view line, std::string_view name, std::string_view& value) noexcept {
  if (line.size() <= name.size() || line[name.size()] != ':')
    return false;
  if (!std::equal(name.begin(), name.end(), line.begin(),
                  [](char n, char c) { return n == lower(c); }))
    return false;
  value = line.substr(name.size() + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
    value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
    value.remove_suffix(1);
  return true;
}

std::string_view printable(std::string_view text) noexcept {
  const auto end = std::find_if(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
  });
  return text.substr(0, static_cast<size_t>(end - text.begin()));
}

std::string_view without_port(std::string_view host) noexcept {
  const size_t from = host.starts_with('[') ? std::min(host.find(']'), host.size()) : 0;
  return host.substr(0, host.find(':', from));
}

} // namespace

bool read_http_request(std::string_view payload, http_request& out) noexcept {
  const size_t space = payload.substr(0, 9).find(' ');
  if (space == std::string_view::npos)
    return false;
  out.method = payload.substr(0, space);
  if (std::find(std::begin(methods), std::end(methods), out.method) == std::end(methods))
    return false;
  out.target = printable(payload.substr(space + 1));
  std::string_view rest = payload;
  std::string_view line;
  take_line(rest, line);
  for (int i = 1; i < max_lines && take_line(rest, line) && !line.empty(); ++i) {
    if (field(line, "host", out.host))
      out.host = without_port(out.host);
    else
      field(line, "user-agent", out.user_agent);
  }
  return true;
}

bool read_http_response(std::string_view payload, http_response& out) noexcept {
  if (payload.size() < 12 || !payload.starts_with("HTTP/1.") || payload[8] != ' ')
    return false;
  unsigned status = 0;
  for (const char c : payload.substr(9, 3)) {
    if (c < '0' || c > '9')
      return false;
    status = status * 10 + static_cast<unsigned>(c - '0');
  }
  out.status = static_cast<uint16_t>(status);
  std::string_view rest = payload;
  std::string_view line;
  take_line(rest, line);
  for (int i = 1; i < max_lines && take_line(rest, line) && !line.empty(); ++i) {
    if (!field(line, "content-type", out.content_type))
      continue;
    std::string_view& type = out.content_type;
    type = type.substr(0, type.find(';'));
    while (!type.empty() && type.back() == ' ')
      type.remove_suffix(1);
    break;
  }
  return true;
}

} // namespace flowactors
