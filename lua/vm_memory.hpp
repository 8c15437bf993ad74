#pragma once

#include <cstddef>
#include <cstdint>

struct lua_State;

namespace flowactors {

/// Counts what a VM holds, and leaves the VM when it would hold too much. It never refuses:
/// compiled code of this LuaJIT does not survive an allocation that fails.
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

  /// What is held from now on, less what is given back, is added to `bytes`.
  void charge(int64_t* bytes) noexcept { charged_ = bytes; }

  size_t used() const noexcept { return used_; }
  size_t most() const noexcept { return most_; }

  /// Above it scripts get errors, so that few VMs have to be left.
  size_t soft() const noexcept { return most_ / 4 * 3; }

private:
  static void* allocate(void* self, void* block, size_t old_size, size_t size);

  size_t most_;
  exit_function exit_;
  void* exit_data_;
  void* (*real_)(void*, void*, size_t, size_t) = nullptr;
  void* real_data_ = nullptr;
  size_t used_ = 0;
  int64_t* charged_;
};

} // namespace flowactors
