#pragma once

#include <cstdint>
#include <string>

namespace flowactors {

// Figures as people read them.

/// "1,234,567"
std::string grouped(uint64_t count);

/// "1.2 GB"; powers of 1000.
std::string bytes(uint64_t count);

/// "62.1 %" of the whole; "0 %" of nothing.
std::string percent(uint64_t part, uint64_t whole);

/// "850 ms", "3.2 s", "4 min 12 s", "2 h 5 min".
std::string seconds(double value);

/// "85 ns", "1.2 us", "3.4 ms".
std::string nanoseconds(double value);

} // namespace flowactors
