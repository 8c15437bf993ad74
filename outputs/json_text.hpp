#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flowactors {

/// The text with each byte that is no UTF-8 (RFC 3629) replaced by U+FFFD. Gives the text itself if
/// there is none; `scratch` holds what had to be made.
std::string_view valid_utf8(std::string_view text, std::string& scratch);

/// Room for a time of EVE.
inline constexpr size_t eve_time_size = 31;

/// The time as EVE writes it, in UTC and with microseconds: "2026-11-23T04:25:00.123456+0000".
/// Gives the number of characters; times before 1970 or after 9999 are held at these ends.
size_t write_eve_time(int64_t ns, char (&out)[eve_time_size]) noexcept;

} // namespace flowactors
