#include "lua/helpers/top_k.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace flowactors {

top_k::top_k(helper_memory& memory, uint32_t k) noexcept
  : items_(memory, k), heap_(memory), order_(memory) {}

bool top_k::add(scalar key, double n) noexcept {
  const uint64_t hash = items_.hash(key);
  uint32_t entry = items_.find(key, hash);
  if (entry != items_.none) {
    items_[entry].count += n;
    total_ += n;
    sink(items_[entry].place);
    return true;
  }
  double least = 0;
  uint32_t place = items_.size();
  if (items_.full()) {
    const uint32_t smallest = heap_[0];
    least = items_[smallest].count;
    items_.erase(smallest);
    place = 0;
  }
  entry = items_.insert(key, hash);
  if (entry == items_.none || !heap_.grow(items_.room())) {
    // The place that was made stays empty: the heap's last one fills it.
    if (entry != items_.none)
      items_.erase(entry);
    if (place == 0 && items_.size() != 0) {
      put(0, heap_[items_.size()]);
      sink(0);
    }
    return false;
  }
  items_[entry] = {least + n, least, ++stamps_, place};
  total_ += n;
  put(place, entry);
  if (place == 0)
    sink(0);
  else
    rise(place);
  return true;
}

const uint32_t* top_k::sorted() noexcept {
  if (size() == 0 || !order_.grow(items_.room()))
    return nullptr;
  std::copy_n(heap_.data(), size(), order_.data());
  std::sort(order_.data(), order_.data() + size(), [this](uint32_t a, uint32_t b) {
    const item &left = items_[a], &right = items_[b];
    return left.count != right.count ? left.count > right.count : left.stamp < right.stamp;
  });
  return order_.data();
}

void top_k::clear() noexcept {
  items_.clear();
  heap_.clear();
  order_.clear();
  total_ = 0;
}

void top_k::save(byte_writer& out) const noexcept {
  out.put(total_);
  out.put(items_.size());
  for (uint32_t entry = items_.oldest(); entry != items_.none; entry = items_.after(entry)) {
    out.put(items_.key(entry));
    out.put(items_[entry].count);
    out.put(items_[entry].error);
  }
}

restored top_k::restore(byte_reader& in) noexcept {
  const auto total = in.take<double>();
  for (auto left = in.take<uint32_t>(); left > 0 && in.ok(); --left) {
    const scalar key = in.take_scalar();
    const auto count = in.take<double>(), error = in.take<double>();
    if (!in.ok() || !std::isfinite(count) || !(error >= 0) || !(count >= error)
        || items_.find(key, items_.hash(key)) != items_.none)
      return restored::damaged;
    if (items_.full()) {
      if (count <= items_[heap_[0]].count)
        continue;
      items_[heap_[0]].count = 0; // its sum is not to be inherited
    }
    if (!add(key, count))
      return restored::no_memory;
    items_[items_.find(key, items_.hash(key))].error = error;
  }
  total_ = total;
  return in.at_end() && std::isfinite(total) ? restored::whole : restored::damaged;
}

bool top_k::less(uint32_t a, uint32_t b) const noexcept {
  const item &left = items_[a], &right = items_[b];
  return left.count != right.count ? left.count < right.count : left.stamp < right.stamp;
}

void top_k::put(uint32_t place, uint32_t entry) noexcept {
  heap_[place] = entry;
  items_[entry].place = place;
}

void top_k::rise(uint32_t place) noexcept {
  const uint32_t entry = heap_[place];
  while (place > 0 && less(entry, heap_[(place - 1) / 2])) {
    put(place, heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  put(place, entry);
}

void top_k::sink(uint32_t place) noexcept {
  const uint32_t entry = heap_[place], size = items_.size();
  for (uint32_t child = 2 * place + 1; child < size; child = 2 * place + 1) {
    if (child + 1 < size && less(heap_[child + 1], heap_[child]))
      ++child;
    if (!less(heap_[child], entry))
      break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, entry);
}

} // namespace flowactors
