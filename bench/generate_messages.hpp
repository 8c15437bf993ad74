#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace flowactors::bench {

/// The bytes of an application's message. What stands in `chance` decides what varies: names,
/// versions, lengths.
using message = std::vector<uint8_t>;

/// A host name under .example, one of 4,096.
std::string host_name(uint64_t chance);

/// HTTP/1.1 (RFC 9112).
message http_request(uint64_t chance);
message http_response(uint64_t chance);

/// TLS 1.2 or 1.3 hellos, a record each, that belong together (RFC 5246 and 8446, 4.1).
message tls_client_hello(uint64_t chance);
message tls_server_hello(uint64_t chance);

/// A question for an A record, and its answer (RFC 1035, 4.1).
message dns_query(uint64_t chance);
message dns_answer(uint64_t chance);

/// 20 to 200 bytes of no protocol.
message noise(uint64_t chance);

} // namespace flowactors::bench
