#pragma once

#include <cstdarg>
#include <cstddef>

namespace flowactors {

/// vsnprintf for formats made of text, %s, %u, %d, %x, %X (with a width of two digits and zeros,
/// if any) and %%: many times faster, since there is no stream in between. Gives the length that
/// the whole text has, as vsnprintf, or -1 if the format asks for more than that; `out` then holds
/// nothing useful.
int plain_format(char* out, size_t room, const char* format, va_list arguments) noexcept;

} // namespace flowactors
