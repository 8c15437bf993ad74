#include "lua/flow_finders.hpp"

#include <algorithm>
#include <string_view>

namespace flowactors {

namespace {

int32_t give(flow_access& access, std::string_view text) noexcept {
  access.found = {text.data(), text.size()};
  return text.empty() ? 0 : 2;
}

int32_t give_mac(flow_access& access, const uint8_t (&mac)[6]) noexcept {
  write_mac(mac, access.made.data());
  return give(access, {access.made.data(), 17});
}

} // namespace

int32_t find_client_mac(flow_access* access, script_cursor* cursor) noexcept {
  return give_mac(*access, cursor->flow->client_mac);
}

int32_t find_server_mac(flow_access* access, script_cursor* cursor) noexcept {
  return give_mac(*access, cursor->flow->server_mac);
}

int32_t find_http_path(flow_access* access, script_cursor* cursor) noexcept {
  return find_url(access, cursor);
}

int32_t find_http_host(flow_access* access, script_cursor* cursor) noexcept {
  if (!access->facts.is_http(*cursor->flow))
    return 0;
  const flow_text& text = text_of(*cursor);
  return give(*access, view(text, text.server_name));
}

int32_t find_community_id(flow_access* access, script_cursor* cursor) noexcept {
  const std::string id = community_id(*cursor->flow, access->community_id_seed);
  const size_t size = std::min(id.size(), access->made.size());
  std::copy_n(id.data(), size, access->made.data());
  return give(*access, {access->made.data(), size});
}

void write_addresses(script_cursor* cursor) noexcept {
  format_addresses(*cursor->flow);
}

} // namespace flowactors
