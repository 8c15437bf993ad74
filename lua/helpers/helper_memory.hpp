#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace flowactors {

/// The memory that the helpers of one VM share: counted, refused over `max`, and given back as a
/// whole by the destructor even if the VM never closed its objects. At an address that stays; the
/// VM must not be used after it is gone. Not thread-safe.
struct helper_memory {
  explicit helper_memory(size_t most = 16u << 20);
  ~helper_memory() { release_all(); }
  helper_memory(const helper_memory&) = delete;

  /// As realloc: `old` (or null) with a new size. Null, and `old` as it was, when the sum would be
  /// over `max` or the machine has no more.
  void* resize(void* old, size_t size) noexcept;

  /// Gives back what `resize` gave; null is nothing.
  void release(void* old) noexcept;

  /// Gives back everything: for when the VM was left and none of its objects will be used or closed
  /// any more.
  void release_all() noexcept;

  size_t used = 0; ///< bytes, with what keeping them takes
  size_t max;
  const int64_t* now_ns = nullptr; ///< packet time; null = always 0
  uint64_t secret[2];              ///< of the hash of keys; never seen in a result

private:
  struct head;
  head* first_ = nullptr;
};

/// A growing array of plain values in a helper_memory, zeroed when new.
template <class T>
class block {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 16);

public:
  explicit block(helper_memory& memory) noexcept : memory_(&memory) {}
  ~block() { memory_->release(data_); }
  block(const block&) = delete;
  block& operator=(const block&) = delete;

  /// Makes it `n` long if it is shorter; false = no memory, nothing has changed.
  bool grow(size_t n) noexcept;

  void clear() noexcept {
    memory_->release(std::exchange(data_, nullptr));
    size_ = 0;
  }
  void swap(block& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  size_t size() const noexcept { return size_; }
  T* data() noexcept { return data_; }
  T& operator[](size_t i) noexcept { return data_[i]; }
  const T& operator[](size_t i) const noexcept { return data_[i]; }

private:
  helper_memory* memory_;
  T* data_ = nullptr;
  size_t size_ = 0;
};

template <class T>
bool block<T>::grow(size_t n) noexcept {
  if (n <= size_)
    return true;
  auto* grown = static_cast<T*>(memory_->resize(data_, n * sizeof(T)));
  if (grown == nullptr)
    return false;
  for (size_t i = size_; i < n; ++i)
    grown[i] = T{};
  data_ = grown;
  size_ = n;
  return true;
}

} // namespace flowactors
