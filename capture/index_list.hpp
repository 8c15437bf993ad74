#pragma once

#include <cstddef>
#include <cstdint>

namespace flowactors {

/// "No slot".
inline constexpr uint32_t no_slot = UINT32_MAX;

/// Places of an element in a list whose elements are named by number.
struct index_links {
  uint32_t next = no_slot;
  uint32_t previous = no_slot;
};

/// A doubly linked list over the elements of an array, threaded through the member `Links` of each:
/// nothing is allocated, and any element leaves in O(1).
template <class Element, index_links Element::*Links>
class index_list {
public:
  bool empty() const noexcept { return first_ == no_slot; }
  uint32_t first() const noexcept { return first_; }

  void push_back(Element* elements, uint32_t index) noexcept {
    elements[index].*Links = {no_slot, last_};
    if (last_ == no_slot)
      first_ = index;
    else
      (elements[last_].*Links).next = index;
    last_ = index;
  }

  void remove(Element* elements, uint32_t index) noexcept {
    const index_links links = elements[index].*Links;
    if (links.previous == no_slot)
      first_ = links.next;
    else
      (elements[links.previous].*Links).next = links.next;
    if (links.next == no_slot)
      last_ = links.previous;
    else
      (elements[links.next].*Links).previous = links.previous;
  }

private:
  uint32_t first_ = no_slot;
  uint32_t last_ = no_slot;
};

} // namespace flowactors
