#pragma once

#include "capture/result.hpp"

#include <cstdint>

namespace flowactors {

/// Reserves address space; its memory is zero and comes as it is touched, in large pages behind
/// what a small run needs. nullptr when there is no space.
void* reserve_pages(uint64_t bytes) noexcept;
void release_pages(void* pages, uint64_t bytes) noexcept;

/// The failure of `reserve_pages` for a thing of that name.
error no_address_space(uint64_t bytes, const char* thing);

} // namespace flowactors
