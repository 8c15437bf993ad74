#include "actors/lane.hpp"

#include <algorithm>
#include <utility>

namespace flowactors {

namespace {

/// Packet time that a context without events is told of.
constexpr int64_t mark_every_ns = 1'000'000'000;

} // namespace

bool lane::has_room(uint64_t weight) const noexcept {
  return used_ == 0 || used_ + weight <= options_.most;
}

void lane::put(std::shared_ptr<const flow_batch> batch) {
  if (batch == nullptr)
    return;
  std::unique_lock lock(mutex_);
  const uint64_t weight = batch->weight();
  add(counters_.taken, batch->kinds());
  ++counters_.batches;
  const uint64_t first = std::exchange(counters_.next, counters_.next + batch->size());
  if (!has_room(weight))
    make_room(weight);
  if (options_.patient && options_.blocks && !closed_ && !has_room(weight)) {
    ++counters_.waits;
    add(counters_.waiting, batch->kinds()); // it is neither here nor there
    credit_.wait(lock, [&] { return closed_ || has_room(weight); });
    subtract(counters_.waiting, batch->kinds());
  }
  if (closed_)
    return lose(*closed_, *batch);
  if (!options_.patient && !has_room(weight))
    return lose(lane_loss::shed, *batch);
  used_ += weight;
  counters_.peak = std::max(counters_.peak, used_);
  add(counters_.waiting, batch->kinds());
  items_.push_back({first, std::move(batch)});
  wake_up();
}

/// A live capture's lane has no credit: what waits may have to go.
void lane::make_room(uint64_t weight) {
  if (options_.patient || options_.policy == shed_policy::newest)
    return;
  if (options_.policy == shed_policy::oldest)
    while (!items_.empty() && !has_room(weight))
      drop(items_.begin(), lane_loss::shed);
  else
    for (size_t i = 0; i < items_.size(); ++i)
      drop(items_.begin() + static_cast<std::ptrdiff_t>(i), lane_loss::shed);
}

void lane::drop(std::deque<item>::iterator from, lane_loss why) {
  used_ -= from->batch->weight();
  subtract(counters_.waiting, from->batch->kinds());
  lose(why, *from->batch);
  items_.erase(from);
}

void lane::lose(lane_loss why, const flow_batch& batch) noexcept {
  add(counters_.lost[static_cast<size_t>(why)], batch.kinds());
}

bool lane::choked() const {
  const std::lock_guard lock(mutex_);
  return options_.patient && !closed_ && used_ >= options_.most;
}

bool lane::wait(std::chrono::nanoseconds at_most) {
  std::unique_lock lock(mutex_);
  ++counters_.waits;
  return credit_.wait_for(lock, at_most, [this] { return closed_ || used_ < options_.most; });
}

void lane::mark(int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  marked_ns_ = now_ns;
  if (now_ns - woken_ns_ < mark_every_ns && now_ns >= woken_ns_)
    return;
  woken_ns_ = now_ns;
  wake_up();
}

/// An actor's mailbox takes the word without calling back.
void lane::wake_up() {
  if (wake_ && std::exchange(idle_, false))
    wake_();
}

void lane::attach(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
  idle_ = true;
  if (!items_.empty())
    wake_up();
}

void lane::detach() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

std::optional<lane_delivery> lane::take() {
  const std::lock_guard lock(mutex_);
  if (items_.empty()) {
    idle_ = true;
    return std::nullopt;
  }
  auto& oldest = items_.front();
  lane_delivery out{oldest.first, oldest.batch};
  counters_.delivered = out.first + out.batch->size();
  in_hand_.push_back(std::move(oldest.batch));
  items_.pop_front();
  return out;
}

void lane::settle() {
  const std::lock_guard lock(mutex_);
  if (in_hand_.empty())
    return;
  add(counters_.handled, in_hand_.front()->kinds());
  settled();
}

void lane::break_off() {
  detach();
  forfeit();
}

void lane::forfeit() {
  const std::lock_guard lock(mutex_);
  while (!in_hand_.empty()) {
    lose(lane_loss::crashed, *in_hand_.front());
    settled();
  }
}

void lane::settled() {
  subtract(counters_.waiting, in_hand_.front()->kinds());
  used_ -= in_hand_.front()->weight();
  in_hand_.pop_front();
  credit_.notify_all();
}

int64_t lane::marked_ns() const {
  const std::lock_guard lock(mutex_);
  return items_.empty() && in_hand_.empty() ? marked_ns_ : 0;
}

void lane::close(lane_loss why) {
  const std::lock_guard lock(mutex_);
  closed_ = why;
  while (!items_.empty())
    drop(items_.begin(), why);
  credit_.notify_all();
}

void lane::open(const lane_options& options) {
  const std::lock_guard lock(mutex_);
  options_ = options;
  closed_ = std::nullopt;
  credit_.notify_all();
}

lane_options lane::options() const {
  const std::lock_guard lock(mutex_);
  return options_;
}

std::optional<lane_loss> lane::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

lane_counters lane::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

} // namespace flowactors
