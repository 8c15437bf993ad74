#include "lua/vm_memory.hpp"

#include <lua.hpp>

#include <algorithm>
#include <bit>

namespace flowactors {

void vm_memory::watch(lua_State* L) noexcept {
  used_ = static_cast<size_t>(lua_gc(L, LUA_GCCOUNT, 0)) * 1024
          + static_cast<size_t>(lua_gc(L, LUA_GCCOUNTB, 0));
  used_ += used_ / 4; // heads of blocks that were not seen
  real_ = lua_getallocf(L, &real_data_);
  forget_kept();
  lua_setallocf(L, allocate, this);
}

void vm_memory::close(lua_State* L) noexcept {
  lua_setallocf(L, real_, real_data_); // LuaJIT's own gives all of its memory back at once
  lua_close(L);
  used_ = 0;
  forget_kept();
}

void* vm_memory::allocate(void* data, void* block, size_t old_size, size_t size) {
  auto& self = *static_cast<vm_memory*>(data);
  if (size != 0)
    return block == nullptr ? self.take(size) : self.resize(block, old_size, size);
  if (block != nullptr)
    self.give(block, old_size);
  return nullptr;
}

void* vm_memory::take(size_t size) {
  const size_t bytes = block_of(size);
  if (bytes <= largest_kept) {
    free_block*& first = free_[bytes / block_step];
    if (first != nullptr) {
      void* const block = first;
      first = first->next;
      kept_ -= bytes;
      count(bytes, 0);
      return block;
    }
  }
  return resize(nullptr, 0, size);
}

void vm_memory::give(void* block, size_t size) noexcept {
  const size_t bytes = block_of(size);
  count(0, bytes);
  if (bytes > largest_kept || used_ + kept_ + bytes > most_) {
    change(block, size, 0);
    return;
  }
  auto* const freed = static_cast<free_block*>(block);
  free_block*& first = free_[bytes / block_step];
  freed->next = first;
  first = freed;
  kept_ += bytes;
}

void* vm_memory::resize(void* block, size_t old_size, size_t size) {
  const size_t before = block == nullptr ? 0 : block_of(old_size);
  const size_t after = block_of(size);
  if (look_.load(std::memory_order_relaxed) != nullptr) [[unlikely]]
    if (const exit_function look = look_.exchange(nullptr, std::memory_order_relaxed))
      look(exit_data_);
  if (after > before)
    make_room(after - before);
  void* got = change(block, old_size, size);
  if (got == nullptr) {
    exit_(exit_data_); // the machine has no more
    return nullptr;
  }
  count(after, before);
  if (size > longest_text_ && size > old_size && std::has_single_bit(size)) [[unlikely]]
    on_long_text_(text_data_);
  return got;
}

// The watchdog may interrupt what is done in here, but not what is done to `large_`.
void* vm_memory::change(void* block, size_t old_size, size_t size) {
  if (old_size < least_large && size < least_large)
    return real_(real_data_, block, old_size, size);
  const auto old = std::find(large_.begin(), large_.end(), block);
  changing_ = block;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  void* const got = real_(real_data_, block, old_size, size);
  if (got == nullptr && size != 0) {
    changing_ = nullptr;
    return nullptr;
  }
  if (block != nullptr && old != large_.end())
    large_.erase(old);
  if (size >= least_large)
    large_.push_back(got);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  changing_ = nullptr;
  return got;
}

void vm_memory::abandon() noexcept {
  // As in dlmalloc, whose descendant this allocator is: before a block that is mapped alone lie the
  // bytes in front of it, with bit 0 set, and its size, with bit 0 clear.
  const auto is_mapped = [](const void* block) {
    const auto* const head = static_cast<const size_t*>(block) - 2;
    return (head[0] & 1) != 0 && (head[1] & 1) == 0;
  };
  for (void* const block : large_)
    if (block != changing_ && is_mapped(block))
      real_(real_data_, block, least_large, 0);
  used_ = 0;
  forget_kept();
}

void vm_memory::make_room(size_t bytes) {
  if (used_ + kept_ + bytes > most_)
    drop_kept();
  if (used_ + bytes > most_)
    exit_(exit_data_);
}

void vm_memory::drop_kept() noexcept {
  for (free_block*& first : free_)
    while (first != nullptr) {
      void* const block = first;
      first = first->next;
      const auto step = static_cast<size_t>(&first - free_.data());
      real_(real_data_, block, step * block_step - block_head, 0);
    }
  kept_ = 0;
}

// They were in memory that is given back, or lost, as a whole.
void vm_memory::forget_kept() noexcept {
  large_.clear();
  changing_ = nullptr;
  free_.fill(nullptr);
  kept_ = 0;
}

} // namespace flowactors
