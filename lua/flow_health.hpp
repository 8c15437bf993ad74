#pragma once

#include "capture/flow.hpp"

#include <cstdint>

namespace flowactors {

/// What `flow.status` of flow.dump() says. The numbers are those of the 2017 API.
enum class flow_status : uint8_t {
  normal = 0,
  slow_connection = 1,      ///< the TCP handshake was begun and answered, but hangs
  slow_header = 2,          ///< the TCP handshake is complete, and nothing was said for 10 s
  slow_exchange = 3,        ///< data was exchanged, then silence
  low_goodput = 4,          ///< mostly headers
  syn_probing = 5,          ///< a SYN was not answered within 3 s
  connection_issues = 6,    ///< retransmitted, out-of-order and lost packets are more than a tenth
  probing = 7,              ///< no reply for more than 120 s
  interface_alerted = 8,    ///< not used
  refused = 9,              ///< the SYN was answered by RST
  certificate_mismatch = 10 ///< the TLS certificate does not name the server that was asked for
};

struct flow_health {
  flow_status status;
  bool idle;        ///< silent or stalled
  bool low_goodput; ///< less than 40 % of the bytes are payload; never for UDP
};

/// Judges a flow at packet time `now_ns`. `tls`: the lower protocol is TLS. `mismatch`: nDPI has
/// seen a certificate for another name.
flow_health health_of(const flow_record& flow, int64_t now_ns, bool tls, bool mismatch) noexcept;

} // namespace flowactors
