#include "lua/helpers/distinct.hpp"

#include <algorithm>
#include <cmath>

namespace flowactors {

// The registers of two halves stand behind it, and how many of the greater of each two hold a rank.
struct distinct::registers {
  uint32_t histogram[hyperloglog::ranks];
};

namespace {

constexpr uint64_t of_this_half = 1;

uint64_t hash_of(scalar value) noexcept {
  return sip_hash<>::of(value.bytes.data(), value.bytes.size(), static_cast<uint64_t>(value.kind),
                        0x64697374696e6374)
         & ~of_this_half;
}

} // namespace

distinct::distinct(helper_memory& memory, const options& from) noexcept
  : half_ns_(from.window_ns / 2), shape_{from.precision}, sketches_(memory, from.max_keys) {}

std::optional<double> distinct::add(scalar key, scalar value, int64_t when_ns) noexcept {
  const int64_t half = half_of(when_ns);
  const uint64_t hash = sketches_.hash(key);
  uint32_t entry = sketches_.find(key, hash);
  if (entry == sketches_.none) {
    entry = make(key, hash, half);
    if (entry == sketches_.none)
      return std::nullopt;
  } else {
    sketches_.touch(entry);
  }
  sketch& kept = sketches_[entry];
  if (half > kept.half)
    go_on(kept, half);
  if (!take(kept, hash_of(value)))
    return std::nullopt;
  return number(kept);
}

double distinct::count(scalar key, int64_t when_ns) noexcept {
  const uint32_t entry = sketches_.find(key, sketches_.hash(key));
  if (entry == sketches_.none)
    return 0;
  sketch& kept = sketches_[entry];
  if (const int64_t half = half_of(when_ns); half > kept.half)
    go_on(kept, half);
  return number(kept);
}

uint32_t distinct::size(int64_t when_ns) noexcept {
  const int64_t half = half_of(when_ns);
  for (uint32_t entry = sketches_.oldest(); entry != sketches_.none;) {
    const uint32_t after = sketches_.after(entry);
    if (half - sketches_[entry].half >= 2)
      forget(entry);
    entry = after;
  }
  return sketches_.size();
}

void distinct::clear() noexcept {
  for (uint32_t entry = sketches_.oldest(); entry != sketches_.none;
       entry = sketches_.after(entry)) {
    sketches_.memory().release(sketches_[entry].hashes);
    sketches_.memory().release(sketches_[entry].dense);
  }
  sketches_.clear();
}

void distinct::save(byte_writer& out) const noexcept {
  out.put(half_ns_);
  out.put(shape_.precision);
  out.put(sketches_.size());
  for (uint32_t entry = sketches_.oldest(); entry != sketches_.none;
       entry = sketches_.after(entry)) {
    const sketch& kept = sketches_[entry];
    out.put(sketches_.key(entry));
    out.put(kept.half);
    out.put(static_cast<uint8_t>(kept.dense != nullptr));
    if (kept.dense != nullptr) {
      out.bytes(kept.dense + 1, 2 * shape_.registers());
    } else {
      out.put(kept.count);
      out.bytes(kept.hashes, kept.count * sizeof(uint64_t));
    }
  }
}

restored distinct::restore(byte_reader& in) noexcept {
  const auto half_ns = in.take<int64_t>();
  const auto precision = in.take<unsigned>();
  if (in.ok() && (half_ns != half_ns_ || precision != shape_.precision))
    return restored::other_options;
  for (auto keys = in.take<uint32_t>(); keys > 0 && in.ok(); --keys) {
    const scalar key = in.take_scalar();
    const auto half = in.take<int64_t>();
    constexpr int64_t most = int64_t{1} << 61; // so that differences have no overflow
    if (!in.ok() || half < -most || half > most
        || sketches_.find(key, sketches_.hash(key)) != sketches_.none)
      return restored::damaged;
    const uint32_t entry = make(key, sketches_.hash(key), half);
    if (entry == sketches_.none || !restore_sketch(in, sketches_[entry]))
      return in.ok() ? restored::no_memory : restored::damaged;
  }
  return in.at_end() ? restored::whole : restored::damaged;
}

bool distinct::restore_sketch(byte_reader& in, sketch& kept) noexcept {
  if (in.take<uint8_t>() == 0) {
    for (auto count = in.take<uint32_t>(); count > 0 && in.ok(); --count) {
      const auto hash = in.take<uint64_t>();
      if (!take(kept, hash & ~of_this_half))
        return false;
      if (kept.dense == nullptr && (hash & of_this_half) == 0)
        kept.hashes[kept.count - 1] &= ~of_this_half;
    }
    return in.ok();
  }
  const std::string_view both = in.bytes(2 * shape_.registers());
  if (!in.ok() || !make_dense(kept))
    return false;
  // A rank is below `ranks` whatever the bytes say.
  std::transform(both.begin(), both.end(), previous(kept), [&](char rank) {
    return std::min(static_cast<uint8_t>(rank), static_cast<uint8_t>(64 - shape_.precision));
  });
  survey(kept);
  return true;
}

int64_t distinct::half_of(int64_t when_ns) const noexcept {
  return half_ns_ == 0 ? 0 : when_ns / half_ns_ - (when_ns % half_ns_ < 0 ? 1 : 0);
}

uint32_t distinct::make(scalar key, uint64_t hash, int64_t half) noexcept {
  // Two go for each that comes, so that those whose time is over never pile up.
  for (int i = 0; i < 2 && sketches_.size() != 0 && half - sketches_[sketches_.oldest()].half >= 2;
       ++i)
    forget(sketches_.oldest());
  if (sketches_.full()) {
    forget(sketches_.oldest());
    ++evicted_;
  }
  const uint32_t entry = sketches_.insert(key, hash);
  if (entry != sketches_.none)
    sketches_[entry].half = half;
  return entry;
}

void distinct::forget(uint32_t entry) noexcept {
  reset(sketches_[entry]);
  sketches_.erase(entry);
}

// Ends the half that a key is in.
void distinct::go_on(sketch& kept, int64_t half) noexcept {
  const bool all_over = half - kept.half >= 2;
  kept.half = half;
  if (all_over) {
    reset(kept);
  } else if (kept.dense != nullptr) {
    std::copy_n(current(kept), shape_.registers(), previous(kept));
    std::fill_n(current(kept), shape_.registers(), uint8_t{0});
    survey(kept);
  } else {
    const auto* const end =
      std::remove_if(kept.hashes, kept.hashes + kept.count,
                     [](uint64_t hash) { return (hash & of_this_half) == 0; });
    kept.count = static_cast<uint32_t>(end - kept.hashes);
    for (uint32_t i = 0; i < kept.count; ++i)
      kept.hashes[i] &= ~of_this_half;
  }
}

void distinct::reset(sketch& kept) noexcept {
  sketches_.memory().release(kept.hashes);
  sketches_.memory().release(kept.dense);
  kept = {.half = kept.half};
}

bool distinct::take(sketch& kept, uint64_t hash) noexcept {
  if (kept.dense == nullptr) {
    const auto* const end = kept.hashes + kept.count;
    const auto* const found = std::find_if(kept.hashes, kept.hashes + kept.count,
                                           [&](uint64_t h) { return (h & ~of_this_half) == hash; });
    if (found != end) {
      kept.hashes[found - kept.hashes] |= of_this_half;
      return true;
    }
    if (kept.count < most_sparse)
      return take_sparse(kept, hash);
    if (!make_dense(kept))
      return false;
  }
  take_dense(kept, hash);
  return true;
}

bool distinct::take_sparse(sketch& kept, uint64_t hash) noexcept {
  if (kept.count == kept.room) {
    const uint32_t room = std::max<uint32_t>(4, kept.room * 2);
    void* const grown = sketches_.memory().resize(kept.hashes, room * sizeof(uint64_t));
    if (grown == nullptr)
      return false;
    kept.hashes = static_cast<uint64_t*>(grown);
    kept.room = room;
  }
  kept.hashes[kept.count++] = hash | of_this_half;
  return true;
}

void distinct::take_dense(sketch& kept, uint64_t hash) noexcept {
  const size_t index = shape_.index(hash);
  const uint8_t rank = shape_.rank(hash);
  uint8_t& now = current(kept)[index];
  const uint8_t before = std::max(previous(kept)[index], now);
  now = std::max(now, rank);
  if (rank > before) {
    --kept.dense->histogram[before];
    ++kept.dense->histogram[rank];
    kept.estimate = std::round(shape_.estimate(kept.dense->histogram));
  }
}

// From hashes to registers.
bool distinct::make_dense(sketch& kept) noexcept {
  void* const made = sketches_.memory().resize(nullptr, dense_size());
  if (made == nullptr)
    return false;
  std::memset(made, 0, dense_size());
  kept.dense = static_cast<registers*>(made);
  for (uint32_t i = 0; i < kept.count; ++i) {
    const uint64_t hash = kept.hashes[i];
    uint8_t* const half = (hash & of_this_half) != 0 ? current(kept) : previous(kept);
    uint8_t& rank = half[shape_.index(hash)];
    rank = std::max(rank, shape_.rank(hash));
  }
  sketches_.memory().release(kept.hashes);
  kept.hashes = nullptr;
  kept.count = kept.room = 0;
  survey(kept);
  return true;
}

// Makes the histogram anew.
void distinct::survey(sketch& kept) noexcept {
  uint32_t(&histogram)[hyperloglog::ranks] = kept.dense->histogram;
  std::fill(std::begin(histogram), std::end(histogram), 0);
  for (size_t i = 0; i < shape_.registers(); ++i)
    ++histogram[std::max(previous(kept)[i], current(kept)[i])];
  kept.estimate = std::round(shape_.estimate(histogram));
}

uint8_t* distinct::previous(sketch& kept) const noexcept {
  return reinterpret_cast<uint8_t*>(kept.dense + 1);
}

uint8_t* distinct::current(sketch& kept) const noexcept {
  return previous(kept) + shape_.registers();
}

size_t distinct::dense_size() const noexcept {
  return sizeof(registers) + 2 * shape_.registers();
}

double distinct::number(const sketch& kept) noexcept {
  return kept.dense != nullptr ? kept.estimate : kept.count;
}

} // namespace flowactors
