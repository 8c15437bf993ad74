#pragma once

#include "capture/result.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace flowactors {

/// Reserves address space; its memory is zero and comes as it is touched, in large pages behind
/// what a small run needs. nullptr when there is no space.
void* reserve_pages(uint64_t bytes) noexcept;
void release_pages(void* pages, uint64_t bytes) noexcept;

/// Memory that is comes as it is touched: a large page where the system offers one.
class page_block {
public:
  static constexpr size_t small = 128u << 10; ///< bytes that are sensible: these, in small pages,
  static constexpr size_t large = 2u << 20;   ///< or these

  explicit page_block(size_t bytes) noexcept;

  /// nullptr when memory is out.
  void* begin() const noexcept { return memory_.get(); }

private:
  struct release {
    void operator()(void* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<void, release> memory_;
};

/// The failure of `reserve_pages` for a thing of that name.
error no_address_space(uint64_t bytes, const char* thing);

} // namespace flowactors
