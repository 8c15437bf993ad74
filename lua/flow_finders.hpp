#pragma once

#include "lua/flow_methods.hpp"

namespace flowactors {

// Fields of a flow that take a computation. Each gives 2 with its text in flow_access::found, or
// another number if there is none. Called through FFI and by the C twins; valid until the next
// call.
#define FLOWACTORS_FLOW_FINDERS(X) \
  X(find_client_mac)               \
  X(find_server_mac)               \
  X(find_http_path)                \
  X(find_http_host)                \
  X(find_community_id)

#define X(name) int32_t name(flow_access* access, script_cursor* cursor) noexcept;
FLOWACTORS_FLOW_FINDERS(X)
#undef X

/// Writes the addresses of the cursor's flow out if that was not done yet.
void write_addresses(script_cursor* cursor) noexcept;

} // namespace flowactors
