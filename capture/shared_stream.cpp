#include "capture/shared_stream.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace flowactors {

namespace {

/// The longest that a reader waits for a slower one: its thread may have other things to do, and
/// may be the one that the slower one runs in.
constexpr std::chrono::milliseconds patience{2};

} // namespace

shared_stream::shared_stream(std::unique_ptr<source> from, size_t readers,
                             const decoder_options& decoding)
  : decoding_(decoding),
    from_(std::move(from)),
    cursors_(readers),
    ring_(std::make_unique<batch[]>(depth)),
    progress_(from_->progress()) {}

result<size_t> shared_stream::read(size_t reader, std::span<frame> out) {
  cursor& mine = cursors_[reader];
  if (mine.now != nullptr && mine.burst != mine.now->count)
    return give(mine, out);
  lock held(mutex_);
  let_go(mine);
  while (mine.done == published_) {
    if (over(mine)) {
      const auto fault = std::exchange(fault_, {});
      return fault ? result<size_t>(*fault) : result<size_t>(size_t{0});
    }
    if (filling_ || full())
      wait(held, mine);
    if (std::exchange(mine.woken, false))
      return size_t{0};
    if (mine.done != published_ || over(mine))
      continue;
    if (filling_ || full())
      return size_t{0}; // waited long enough
    if (!fill(held) && !ended_) {
      return size_t{0}; // interrupted
    }
  }
  mine.now = &ring_[mine.done % depth];
  held.unlock();
  return give(mine, out);
}

size_t shared_stream::give(cursor& to, std::span<frame> out) noexcept {
  const auto left = std::span(to.now->frames).first(to.now->ends[to.burst]).subspan(to.at);
  const size_t n = std::min(left.size(), out.size());
  std::ranges::copy(left.first(n), out.begin());
  to.at += n;
  to.given.handed_out += n;
  for (const frame& f : left.first(n))
    to.given.bytes += f.captured;
  if (n == left.size())
    ++to.burst;
  return n;
}

// It is done with its batch.
void shared_stream::let_go(cursor& from) noexcept {
  if (std::exchange(from.now, nullptr) == nullptr)
    return;
  from.burst = from.at = 0;
  ++from.done;
  release();
}

// What nobody needs any more: the sooner its bytes are used again, the nearer they are in the
// caches.
void shared_stream::release() noexcept {
  uint64_t slowest = published_;
  for (const cursor& each : cursors_)
    if (!each.gone)
      slowest = std::min(slowest, each.done);
  if (slowest == released_)
    return;
  const bool was_full = full();
  for (; released_ != slowest; ++released_)
    ring_[released_ % depth].bytes.clear();
  if (was_full)
    changed_.notify_all();
}

bool shared_stream::full() const noexcept {
  return published_ - released_ == depth;
}

bool shared_stream::over(const cursor& mine) const noexcept {
  return mine.done == published_ && ended_ && !filling_;
}

void shared_stream::wait(lock& held, cursor& mine) {
  const auto ready = [&] {
    return mine.woken || mine.done != published_ || over(mine) || (!filling_ && !full());
  };
  if (filling_)
    changed_.wait(held, ready);
  else
    changed_.wait_for(held, patience, ready);
}

// Reads a batch. False: there was none.
bool shared_stream::fill(lock& held) {
  filling_ = true;
  batch& next = ring_[published_ % depth];
  held.unlock();
  std::optional<error> fault;
  read_into(next, fault);
  const auto counted = from_->counters();
  const auto progress = from_->progress();
  auto warnings = from_->take_warnings();
  const bool ended = fault || from_->at_end();
  held.lock();
  if (ended)
    from_ = nullptr;
  filling_ = false;
  ended_ = ended_ || ended;
  fault_ = std::move(fault);
  filtered_ = counted.filtered;
  progress_ = progress;
  std::ranges::move(warnings, std::back_inserter(warnings_));
  if (next.count != 0)
    ++published_;
  changed_.notify_all();
  return next.count != 0;
}

void shared_stream::read_into(batch& out, std::optional<error>& fault) {
  out.count = 0;
  out.bytes.clear();
  // Where one may have to wait for frames, those that have come are not held back.
  const size_t most = from_->progress().total == 0 ? 1 : bursts;
  size_t size = 0;
  while (out.count != most && out.bytes.size() < 2) {
    auto got = from_->read(std::span(out.frames).subspan(size, burst));
    if (!got)
      fault = got.failure();
    if (!got || *got == 0)
      return;
    for (frame& f : std::span(out.frames).subspan(size, *got))
      f.share = share_of(decoding_, f);
    size += *got;
    out.ends[out.count++] = size;
    if (auto bytes = from_->bytes(); out.bytes.empty() || out.bytes.back() != bytes)
      out.bytes.push_back(std::move(bytes));
  }
}

bool shared_stream::at_end(size_t reader) const noexcept {
  const lock held(mutex_);
  const cursor& mine = cursors_[reader];
  return mine.now == nullptr && over(mine) && !fault_;
}

source_counters shared_stream::counters(size_t reader) const noexcept {
  source_counters out = cursors_[reader].given;
  const lock held(mutex_);
  out.filtered = reader == 0 ? filtered_ : 0;
  return out;
}

source::progress_bytes shared_stream::progress() const noexcept {
  const lock held(mutex_);
  return progress_;
}

std::vector<error> shared_stream::take_warnings() {
  const lock held(mutex_);
  return std::exchange(warnings_, {});
}

void shared_stream::interrupt(size_t reader) noexcept {
  const lock held(mutex_);
  cursors_[reader].woken = true;
  if (filling_)
    from_->interrupt();
  changed_.notify_all();
}

void shared_stream::stop() noexcept {
  const lock held(mutex_);
  ended_ = true;
  if (filling_)
    from_->interrupt();
  changed_.notify_all();
}

void shared_stream::leave(size_t reader) noexcept {
  const lock held(mutex_);
  cursors_[reader].gone = true;
  release();
}

} // namespace flowactors
