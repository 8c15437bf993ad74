#include "lua/helpers/window_counter.hpp"

#include <algorithm>
#include <cmath>

namespace flowactors {

window_counter::window_counter(helper_memory& memory, const options& from) noexcept
  : width_ns_(std::max<int64_t>(1, from.window_ns / from.buckets)),
    buckets_(from.buckets),
    rings_(memory, from.max_keys),
    sums_(memory) {}

std::optional<double> window_counter::add(scalar key, double n, int64_t when_ns) noexcept {
  const int64_t bucket = bucket_of(when_ns);
  const uint64_t hash = rings_.hash(key);
  uint32_t entry = rings_.find(key, hash);
  if (entry == rings_.none) {
    entry = make(key, hash, bucket);
    if (entry == rings_.none)
      return std::nullopt;
  } else {
    rings_.touch(entry);
  }
  ring& kept = rings_[entry];
  if (bucket > kept.newest)
    go_on(entry, bucket);
  if (bucket > kept.newest - buckets_) {
    sums_[place_of(entry, bucket)] += n;
    kept.sum += n;
  }
  return kept.sum;
}

double window_counter::count(scalar key, int64_t when_ns) const noexcept {
  const uint32_t entry = rings_.find(key, rings_.hash(key));
  if (entry == rings_.none)
    return 0;
  const ring& kept = rings_[entry];
  const int64_t bucket = std::max(bucket_of(when_ns), kept.newest);
  if (bucket == kept.newest)
    return kept.sum;
  double sum = 0;
  for (int64_t b = bucket - buckets_ + 1; b <= kept.newest; ++b)
    sum += sums_[place_of(entry, b)];
  return sum;
}

uint32_t window_counter::size(int64_t when_ns) noexcept {
  const int64_t bucket = bucket_of(when_ns);
  for (uint32_t entry = rings_.oldest(); entry != rings_.none;) {
    const uint32_t after = rings_.after(entry);
    if (over(entry, bucket))
      rings_.erase(entry);
    entry = after;
  }
  return rings_.size();
}

void window_counter::clear() noexcept {
  rings_.clear();
  sums_.clear();
}

void window_counter::save(byte_writer& out) const noexcept {
  out.put(width_ns_);
  out.put(rings_.size());
  for (uint32_t entry = rings_.oldest(); entry != rings_.none; entry = rings_.after(entry)) {
    const int64_t newest = rings_[entry].newest;
    out.put(rings_.key(entry));
    out.put(newest);
    out.put(buckets_);
    for (int64_t b = newest - buckets_ + 1; b <= newest; ++b)
      out.put(sums_[place_of(entry, b)]);
  }
}

restored window_counter::restore(byte_reader& in) noexcept {
  const auto width = in.take<int64_t>();
  for (auto keys = in.take<uint32_t>(); keys > 0 && in.ok(); --keys) {
    const scalar key = in.take_scalar();
    const auto newest = in.take<int64_t>();
    const auto buckets = in.take<uint32_t>();
    const std::string_view sums = in.bytes(size_t{buckets} * sizeof(double));
    int64_t start = 0, length = 0;
    if (!in.ok() || buckets == 0 || width <= 0 || __builtin_mul_overflow(newest, width, &start)
        || __builtin_mul_overflow(int64_t{buckets}, width, &length)
        || __builtin_sub_overflow(start, length, &length))
      return restored::damaged;
    byte_reader each{sums};
    for (int64_t age = int64_t{buckets} - 1; age >= 0; --age) {
      const auto sum = each.take<double>();
      if (!std::isfinite(sum))
        return restored::damaged;
      // The newest bucket makes the key even if it is empty.
      if ((sum != 0 || age == 0) && !add(key, sum, start - age * width))
        return restored::no_memory;
    }
  }
  return in.at_end() ? restored::whole : restored::damaged;
}

int64_t window_counter::bucket_of(int64_t when_ns) const noexcept {
  return when_ns / width_ns_ - (when_ns % width_ns_ < 0 ? 1 : 0);
}

size_t window_counter::place_of(uint32_t entry, int64_t bucket) const noexcept {
  const int64_t place = bucket % buckets_;
  return size_t{entry} * buckets_ + static_cast<size_t>(place < 0 ? place + buckets_ : place);
}

bool window_counter::over(uint32_t entry, int64_t bucket) const noexcept {
  return rings_[entry].newest <= bucket - buckets_;
}

uint32_t window_counter::make(scalar key, uint64_t hash, int64_t bucket) noexcept {
  // Two go for each that comes, so that those whose time is over never pile up.
  for (int i = 0; i < 2 && rings_.size() != 0 && over(rings_.oldest(), bucket); ++i)
    rings_.erase(rings_.oldest());
  if (rings_.full()) {
    rings_.erase(rings_.oldest());
    ++evicted_;
  }
  const uint32_t entry = rings_.insert(key, hash);
  if (entry == rings_.none)
    return entry;
  if (!sums_.grow(size_t{rings_.room()} * buckets_)) {
    rings_.erase(entry);
    return rings_.none;
  }
  std::fill_n(&sums_[size_t{entry} * buckets_], buckets_, 0.0);
  rings_[entry] = {bucket, 0};
  return entry;
}

void window_counter::go_on(uint32_t entry, int64_t bucket) noexcept {
  ring& kept = rings_[entry];
  double* const sums = &sums_[size_t{entry} * buckets_];
  if (over(entry, bucket)) {
    std::fill_n(sums, buckets_, 0.0);
    kept = {bucket, 0};
    return;
  }
  for (int64_t b = kept.newest + 1; b <= bucket; ++b)
    sums_[place_of(entry, b)] = 0;
  kept.newest = bucket;
  kept.sum = 0; // anew, so that fractions leave nothing behind
  for (uint32_t i = 0; i < buckets_; ++i)
    kept.sum += sums[i];
}

} // namespace flowactors
