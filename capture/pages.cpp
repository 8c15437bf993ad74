#include "capture/pages.hpp"

#include <sys/mman.h>

#include <string>

namespace flowactors {

void* reserve_pages(uint64_t bytes) noexcept {
  constexpr uint64_t small_part = 2u << 20;
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED)
    return nullptr;
  // Large pages make much memory cheap to fill and to look up, and a little costly to have: they
  // begin behind what a few thousand flows need. Where they are not offered, small ones do.
  if (bytes > small_part)
    madvise(static_cast<char*>(pages) + small_part, bytes - small_part, MADV_HUGEPAGE);
  return pages;
}

void release_pages(void* pages, uint64_t bytes) noexcept {
  if (pages != nullptr)
    munmap(pages, bytes);
}

page_block::page_block(size_t bytes) noexcept : memory_(std::aligned_alloc(bytes, bytes)) {
  if (memory_ != nullptr && bytes >= large)
    madvise(memory_.get(), bytes, MADV_HUGEPAGE);
}

error no_address_space(uint64_t bytes, const char* thing) {
  return {ec::out_of_resources, "no address space for " + std::to_string(bytes >> 20) + " MiB of "
                                  + thing + "; lower [flows] max or raise the limit (ulimit -v)"};
}

} // namespace flowactors
