#pragma once

#include "capture/flow_state.hpp"
#include "capture/packet.hpp"

namespace flowactors {

/// What a TCP packet shows, written into the flow: flags, state, handshake times, sequence
/// problems, windows, response time. Sequence analysis follows the terms of RFC 9293; a packet is a
/// retransmission if all its bytes were seen before, out of order if it fills the last gap, and
/// lost counts the packets that jumped ahead and whose gap was not filled.
void track_tcp(flow_record& flow, flow_state& state, const packet& p, bool from_client) noexcept;

/// True for a SYN that opens a connection and carries nothing.
bool opens(const packet& p) noexcept;

/// True for the first packet of a new connection on a flow that is over: its five-tuple is being
/// used again.
bool reuses(const flow_record& flow, const packet& p) noexcept;

} // namespace flowactors
