#pragma once

#include <cstdint>

namespace flowactors::bench {

/// What a link is measured against: the same frames in the same pieces over TCP with send() and
/// recv(), and nothing done with them.

/// Says where it listens, takes what one peer sends, and says what came and what that cost.
void run_raw_receiver();

/// Sends frames of 256 made-up events for so long, and says how many and what that cost.
void run_raw_sender(uint16_t port, double seconds);

} // namespace flowactors::bench
