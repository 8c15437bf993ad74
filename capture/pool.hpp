#pragma once

#include "capture/pages.hpp"

#include <memory>
#include <vector>

namespace flowactors {

/// Places for objects of one kind that come and go in any order; a place never moves. After a small
/// first block, what a short run needs, blocks are large pages, so that places all over them are
/// found without a walk through page tables.
template <class T>
class pool {
public:
  /// A place, with whatever bytes its last user left; nullptr when memory is out.
  T* take() noexcept {
    if (free_.empty() && !grow())
      return nullptr;
    T* place = free_.back();
    free_.pop_back();
    return place;
  }

  void give(T* place) noexcept { free_.push_back(place); }

private:
  bool grow() noexcept {
    const size_t bytes = blocks_.empty() ? page_block::small : page_block::large;
    page_block block{bytes};
    if (block.begin() == nullptr)
      return false;
    auto* first = static_cast<T*>(block.begin());
    const size_t count = bytes / sizeof(T);
    blocks_.push_back(std::move(block));
    free_.reserve(capacity_ += count);
    for (size_t i = count; i > 0; --i)
      free_.push_back(first + i - 1);
    return true;
  }

  std::vector<page_block> blocks_;
  std::vector<T*> free_; // has room for all places
  size_t capacity_ = 0;
};

} // namespace flowactors
