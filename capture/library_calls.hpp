#pragma once

#include <cstddef>

namespace flowactors {

/// The first place of `wanted` within the first `room` bytes of `text`, which ends sooner at a 0;
/// nullptr if there is none. What libndpi's ndpi_strnstr gives.
const char* find_in(const char* text, const char* wanted, size_t room) noexcept;

} // namespace flowactors
