#include "lua/helpers/helper_memory.hpp"

#include <sys/random.h>

#include <cstdlib>

namespace flowactors {

// Stands before each piece. The list lets the destructor find what a VM that was left has
// forgotten.
struct alignas(16) helper_memory::head {
  head* previous;
  head* next;
  size_t size; ///< with the head
};

helper_memory::helper_memory(size_t most) : max(most) {
  if (getrandom(secret, sizeof(secret), GRND_NONBLOCK) != sizeof(secret)) {
    // Too early in the life of the machine; an address is better than nothing.
    secret[0] = reinterpret_cast<uintptr_t>(this);
    secret[1] = ~secret[0];
  }
}

void helper_memory::release_all() noexcept {
  while (first_ != nullptr)
    release(first_ + 1);
  used = 0;
}

void* helper_memory::resize(void* old, size_t size) noexcept {
  head* const place = old != nullptr ? static_cast<head*>(old) - 1 : nullptr;
  const size_t before = place != nullptr ? place->size : 0;
  const size_t after = size + sizeof(head);
  if (after < size || (after > before && after - before > max - used))
    return nullptr;
  auto* const made = static_cast<head*>(std::realloc(place, after));
  if (made == nullptr)
    return nullptr;
  if (place == nullptr) {
    made->previous = nullptr;
    made->next = first_;
  }
  made->size = after;
  if (made->previous != nullptr)
    made->previous->next = made;
  else
    first_ = made;
  if (made->next != nullptr)
    made->next->previous = made;
  used = used - before + after;
  return made + 1;
}

void helper_memory::release(void* old) noexcept {
  if (old == nullptr)
    return;
  head* const place = static_cast<head*>(old) - 1;
  if (place->previous != nullptr)
    place->previous->next = place->next;
  else
    first_ = place->next;
  if (place->next != nullptr)
    place->next->previous = place->previous;
  used -= place->size;
  std::free(place);
}

} // namespace flowactors
