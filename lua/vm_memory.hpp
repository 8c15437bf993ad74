#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

struct lua_State;

namespace flowactors {

/// Counts what a VM holds, and leaves the VM when it would hold too much. It never refuses:
/// compiled code of this LuaJIT does not survive an allocation that fails. Blocks count with what
/// LuaJIT's allocator takes for them.
///
/// Small blocks that are freed are kept by size and handed out again, the last one first: it is
/// still in the cache, and to search for one takes several times as long. What is kept and what is
/// used stay within the bound together.
class vm_memory {
public:
  /// Called instead of an allocation beyond `most` bytes; returns only if it can't leave the VM,
  /// and then the VM gets its memory.
  using exit_function = void (*)(void* data);

  /// `charged` as in `charge`.
  vm_memory(size_t most, exit_function exit, void* data, int64_t* charged) noexcept
    : most_(most), exit_(exit), exit_data_(data), charged_(charged) {}
  vm_memory(const vm_memory&) = delete;

  /// Stands between a fresh state and its allocator from now on.
  void watch(lua_State* state) noexcept;

  /// Closes a watched state, however it was left.
  void close(lua_State* state) noexcept;

  /// From now on `look(data)` is called before a block is taken that none was kept for; from any
  /// thread. It may leave the VM. Ends with the call.
  void ask(exit_function look) noexcept { look_.store(look, std::memory_order_relaxed); }

  /// From now on `told(data)` is called when a buffer has grown in which a text of more than
  /// `longest` bytes is made (LuaJIT's buffers have powers of two; its tables never do). It may not
  /// leave the VM.
  void watch_texts(size_t longest, exit_function told, void* data) noexcept {
    longest_text_ = longest;
    on_long_text_ = told;
    text_data_ = data;
  }

  /// Of a watched state that was left in the middle of LuaJIT's own work and can't be closed: gives
  /// its large blocks back, which have pages of their own. What is small is lost.
  void abandon() noexcept;

  /// What is held from now on, less what is given back, is added to `bytes`.
  void charge(int64_t* bytes) noexcept { charged_ = bytes; }

  size_t used() const noexcept { return used_; }
  size_t most() const noexcept { return most_; }

  /// Above it scripts get errors, so that few VMs have to be left.
  size_t soft() const noexcept { return most_ / 4 * 3; }

private:
  // LuaJIT's allocator makes blocks of these sizes: those of one size can stand for each other.
  static constexpr size_t block_step = 8, block_head = 8, least_block = 32, largest_kept = 4096;
  static constexpr size_t block_of(size_t size) noexcept {
    return std::max((size + block_head + block_step - 1) / block_step * block_step, least_block);
  }
  struct free_block {
    free_block* next;
  };

  static void* allocate(void* self, void* block, size_t old_size, size_t size);
  void* take(size_t size);
  void give(void* block, size_t size) noexcept;
  void* resize(void* block, size_t old_size, size_t size);
  void make_room(size_t bytes);
  void* change(void* block, size_t old_size, size_t size);
  void drop_kept() noexcept;
  void forget_kept() noexcept;
  void count(size_t more, size_t less) noexcept {
    used_ += more - less;
    *charged_ += static_cast<int64_t>(more - less);
  }

  size_t most_;
  exit_function exit_;
  void* exit_data_;
  std::atomic<exit_function> look_{nullptr};
  size_t longest_text_ = SIZE_MAX;
  exit_function on_long_text_ = nullptr;
  void* text_data_ = nullptr;
  void* (*real_)(void*, void*, size_t, size_t) = nullptr;
  void* real_data_ = nullptr;
  size_t used_ = 0;
  int64_t* charged_;
  std::vector<void*> large_; // blocks that LuaJIT's allocator maps one by one, or might
  void* changing_ = nullptr; // the one that it works on
  static constexpr size_t least_large = 128 << 10;
  size_t kept_ = 0; // bytes in free blocks
  std::array<free_block*, largest_kept / block_step + 1> free_{};
};

} // namespace flowactors
