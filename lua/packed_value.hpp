#pragma once

#include <string_view>

namespace flowactors {

/// Whether the bytes are one value as string.buffer.encode writes it, made of texts, numbers,
/// booleans and tables of them alone, no deeper than 100 tables, that claims no more than it holds.
/// For values of other nodes: decoding itself believes what it reads.
bool is_packed_value(std::string_view bytes) noexcept;

} // namespace flowactors
