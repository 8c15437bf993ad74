#include "outputs/record_queue.hpp"

#include <utility>

namespace flowactors {

namespace {

constexpr size_t most_spare = 4;
constexpr std::chrono::milliseconds look_again{50};

} // namespace

record_queue::record_queue(const record_queue_options& options, std::function<void()> wake)
  : options_(options), wake_(std::move(wake)) {}

void record_queue::put(record_batch& batch) {
  put(batch, false);
}

void record_queue::put_foreign(record_batch& batch) {
  put(batch, true);
}

void record_queue::put(record_batch& batch, bool foreign) {
  if (batch.empty())
    return;
  bool first = false;
  {
    std::unique_lock lock(mutex_);
    const size_t records = batch.count();
    counters_.taken += records;
    counters_.foreign += foreign ? records : 0;
    const bool fits =
      !closed_ && (foreign ? has_room(batch.bytes()) : wait_for_room(lock, batch.bytes()));
    if (!fits) {
      lose(closed_.value_or(trouble_.value_or(record_loss::queue_full)), records);
      batch.clear();
      return;
    }
    counters_.waiting += records;
    bytes_ += batch.bytes();
    first = batches_.empty();
    record_batch next;
    if (!spare_.empty()) {
      next.swap(spare_.back());
      spare_.pop_back();
    }
    batches_.emplace_back().swap(batch);
    batch.swap(next);
  }
  if (first && wake_)
    wake_();
}

bool record_queue::has_room(size_t bytes) const noexcept {
  return batches_.empty() || bytes_ + bytes <= options_.max_bytes;
}

/// True if there is room, maybe after a wait.
bool record_queue::wait_for_room(std::unique_lock<std::mutex>& lock, size_t bytes) {
  using clock = std::chrono::steady_clock;
  if (has_room(bytes))
    return true;
  auto since = clock::now(); // of the trouble, as far as this producer has seen it
  while (!has_room(bytes)) {
    if (!options_.patient || hurried_ || closed_ || given_up_)
      return false;
    const auto now = clock::now();
    if (!trouble_)
      since = now;
    else if (now - since >= options_.patience)
      given_up_ = true;
    room_.wait_for(lock, look_again);
  }
  return true;
}

void record_queue::refuse(record_loss why, uint64_t records) {
  const std::lock_guard guard(mutex_);
  counters_.taken += records;
  lose(why, records);
}

bool record_queue::take(record_batch& out) {
  const std::lock_guard guard(mutex_);
  out.clear();
  if (batches_.empty())
    return false;
  if (spare_.size() < most_spare)
    spare_.emplace_back().swap(out);
  out.swap(batches_.front());
  batches_.pop_front();
  bytes_ -= out.bytes();
  room_.notify_all();
  return true;
}

void record_queue::written(uint64_t records, uint64_t bytes) {
  const std::lock_guard guard(mutex_);
  counters_.written += records;
  counters_.waiting -= records;
  counters_.bytes += bytes;
}

void record_queue::count_file() {
  const std::lock_guard guard(mutex_);
  ++counters_.files;
}

void record_queue::count_retry() {
  const std::lock_guard guard(mutex_);
  ++counters_.retries;
}

void record_queue::set_trouble(std::optional<record_loss> why) {
  const std::lock_guard guard(mutex_);
  trouble_ = why;
  given_up_ = given_up_ && why.has_value();
}

void record_queue::close(record_loss why) {
  const std::lock_guard guard(mutex_);
  closed_ = why;
  lose(why, std::exchange(counters_.waiting, 0));
  batches_.clear();
  bytes_ = 0;
  room_.notify_all();
}

void record_queue::hurry() {
  const std::lock_guard guard(mutex_);
  hurried_ = true;
  room_.notify_all();
}

bool record_queue::hurried() const {
  const std::lock_guard guard(mutex_);
  return hurried_;
}

record_counters record_queue::counters() const {
  const std::lock_guard guard(mutex_);
  return counters_;
}

void record_queue::lose(record_loss why, uint64_t records) noexcept {
  counters_.lost[static_cast<size_t>(why)] += records;
}

} // namespace flowactors
